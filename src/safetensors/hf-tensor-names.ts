/** Parts of a layer: Hugging Face's module, GGUF's tensor. */
const layerParts: ReadonlyMap<string, string> = new Map([
  ['input_layernorm', 'attn_norm'],
  ['self_attn.q_proj', 'attn_q'],
  ['self_attn.k_proj', 'attn_k'],
  ['self_attn.v_proj', 'attn_v'],
  ['self_attn.o_proj', 'attn_output'],
  ['self_attn.q_norm', 'attn_q_norm'],
  ['self_attn.k_norm', 'attn_k_norm'],
  ['post_attention_layernorm', 'ffn_norm'],
  ['mlp.gate_proj', 'ffn_gate'],
  ['mlp.up_proj', 'ffn_up'],
  ['mlp.down_proj', 'ffn_down'],
]);

const modelParts: ReadonlyMap<string, string> = new Map([
  ['model.embed_tokens', 'token_embd'],
  ['model.norm', 'output_norm'],
  ['lm_head', 'output'],
]);

const LAYER = /^model\.layers\.(\d{1,5})\.(.+)\.(weight|bias)$/;
const MODEL = /^(.+)\.(weight|bias)$/;

/** GGUF's name of a tensor in a Hugging Face folder; its own where GGUF has none. */
export function ggufTensorName(name: string): string {
  const [, layer, part, kind] = LAYER.exec(name) ?? [];
  const inLayer = layerParts.get(part ?? '');
  if (inLayer !== undefined) return `blk.${Number(layer)}.${inLayer}.${kind}`;
  const [, module, what] = MODEL.exec(name) ?? [];
  const inModel = modelParts.get(module ?? '');
  return inModel === undefined ? name : `${inModel}.${what}`;
}
