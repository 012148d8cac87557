import type { Backend, Batch, KvLayer } from '../../backend/backend.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Architecture, TensorSpec } from '../architecture.ts';
import { attentionOptions, type ModelConfig } from '../config.ts';
import type { LayerWeights } from '../weights.ts';

/**
 * LLaMA 1 to 3, TinyLlama, SmolLM and their kin.
 * Touvron et al. 2023 (arXiv:2302.13971) §2.2; grouped queries: Ainslie et al. 2023 (arXiv:2305.13245).
 */
export const llama: Architecture = {
  name: 'llama',
  ropePairing: 'interleaved',
  layerTensors: (c) => [...attentionTensors(c), ...feedForwardTensors(c)],
  decoderLayer,
};

/** One pre-norm decoder layer. Adds to the residual stream `x` [tokens, hidden] in place. */
function decoderLayer(op: Backend, w: LayerWeights, c: ModelConfig, cache: KvLayer, batch: Batch, x: Tensor): void {
  op.scope(() => {
    // attention: x += Wo · softmax(q kᵀ / √headDim) v
    const options = attentionOptions(c);
    const q = op.attentionInputs(x, w.attention, cache, batch, options); // norm; q, k, v; rope; k and v go into the cache
    const mixed = op.attention(q, cache, batch, options); //                [tokens, heads · headDim]
    op.addLinear(x, mixed, w.attentionOutput);

    // feed-forward: x += Wdown · (silu(Wgate · norm(x)) ⊙ Wup · norm(x))
    const h = op.gatedLinear(x, w.feedForward, c.normEps); //               [tokens, intermediate]
    op.addLinear(x, h, w.feedForwardDown);
  });
}

/** Meta's models have no biases; some relatives have them (`attention_bias`, `mlp_bias` in config.json). */
function attentionTensors(c: ModelConfig): TensorSpec[] {
  const queries = c.numHeads * c.headDim;
  const keys = c.numKvHeads * c.headDim;
  return [
    { name: 'attn_norm.weight', shape: [c.hiddenSize] },
    { name: 'attn_q.weight', shape: [queries, c.hiddenSize] },
    { name: 'attn_q.bias', shape: [queries], optional: true },
    { name: 'attn_k.weight', shape: [keys, c.hiddenSize] },
    { name: 'attn_k.bias', shape: [keys], optional: true },
    { name: 'attn_v.weight', shape: [keys, c.hiddenSize] },
    { name: 'attn_v.bias', shape: [keys], optional: true },
    { name: 'attn_output.weight', shape: [c.hiddenSize, queries] },
    { name: 'attn_output.bias', shape: [c.hiddenSize], optional: true },
  ];
}

function feedForwardTensors(c: ModelConfig): TensorSpec[] {
  return [
    { name: 'ffn_norm.weight', shape: [c.hiddenSize] },
    { name: 'ffn_gate.weight', shape: [c.intermediateSize, c.hiddenSize] },
    { name: 'ffn_gate.bias', shape: [c.intermediateSize], optional: true },
    { name: 'ffn_up.weight', shape: [c.intermediateSize, c.hiddenSize] },
    { name: 'ffn_up.bias', shape: [c.intermediateSize], optional: true },
    { name: 'ffn_down.weight', shape: [c.hiddenSize, c.intermediateSize] },
    { name: 'ffn_down.bias', shape: [c.hiddenSize], optional: true },
  ];
}
