import { expect, test } from 'vitest';
import { ggufTensorName } from '../../src/safetensors/hf-tensor-names.ts';

test.each([
  ['model.embed_tokens.weight', 'token_embd.weight'],
  ['model.norm.weight', 'output_norm.weight'],
  ['lm_head.weight', 'output.weight'],
  ['model.layers.0.input_layernorm.weight', 'blk.0.attn_norm.weight'],
  ['model.layers.12.self_attn.q_proj.weight', 'blk.12.attn_q.weight'],
  ['model.layers.12.self_attn.k_proj.bias', 'blk.12.attn_k.bias'],
  ['model.layers.3.self_attn.v_proj.weight', 'blk.3.attn_v.weight'],
  ['model.layers.3.self_attn.o_proj.weight', 'blk.3.attn_output.weight'],
  ['model.layers.3.self_attn.q_norm.weight', 'blk.3.attn_q_norm.weight'],
  ['model.layers.3.self_attn.k_norm.weight', 'blk.3.attn_k_norm.weight'],
  ['model.layers.3.post_attention_layernorm.weight', 'blk.3.ffn_norm.weight'],
  ['model.layers.3.mlp.gate_proj.weight', 'blk.3.ffn_gate.weight'],
  ['model.layers.3.mlp.up_proj.weight', 'blk.3.ffn_up.weight'],
  ['model.layers.3.mlp.down_proj.weight', 'blk.3.ffn_down.weight'],
  ['model.layers.3.self_attn.rotary_emb.inv_freq', 'model.layers.3.self_attn.rotary_emb.inv_freq'],
  ['model.layers.x.mlp.up_proj.weight', 'model.layers.x.mlp.up_proj.weight'],
  ['coefficients', 'coefficients'],
])('%s is %s', (theirs, ours) => expect(ggufTensorName(theirs)).toBe(ours));
