import type { AttentionWeights, FeedForwardWeights, Linear } from '../backend/backend.ts';
import type { Checkpoint, TensorInfo } from '../checkpoint/checkpoint.ts';
import { RealizarError } from '../errors.ts';
import { assertShape, type Tensor } from '../tensor/tensor.ts';
import type { Architecture, TensorSpec } from './architecture.ts';
import type { ModelConfig } from './config.ts';

export interface LayerWeights {
  readonly attention: AttentionWeights;
  readonly attentionOutput: Linear;
  readonly feedForward: FeedForwardWeights;
  readonly feedForwardDown: Linear;
}

export interface ModelWeights {
  /** [vocab, hidden] */
  readonly embedding: Tensor;
  readonly layers: readonly LayerWeights[];
  /** [hidden], f32 */
  readonly outputNorm: Tensor;
  /** [vocab, hidden]; the embedding once more where the model ties them. */
  readonly head: Linear;
}

/** Which tensors of a checkpoint make the model, in the checkpoint's order. */
export interface WeightPlan {
  readonly tensors: readonly TensorInfo[];
  /** Names that the architecture has no place for. */
  readonly unused: readonly string[];
}

/** GGUF's name of llama3 scaling, worked out: a divisor for every rotary pair. */
export const ROPE_DIVISORS = 'rope_freqs.weight';

/** Checks every tensor by name and shape. @throws RealizarError `missing-tensor` | `shape-mismatch` */
export function planWeights(checkpoint: Checkpoint, architecture: Architecture, config: ModelConfig): WeightPlan {
  const wanted = new Set<string>();
  for (const spec of tensorsOf(architecture, config)) {
    const tensor = checkpoint.tensors.get(spec.name);
    if (tensor !== undefined) {
      assertShape(tensor, spec.shape, spec.name);
      wanted.add(spec.name);
    } else if (!spec.optional) {
      throw new RealizarError(
        'missing-tensor',
        `${checkpoint.name} lacks the tensor ${spec.name}; the file is incomplete`,
        { field: spec.name },
      );
    }
  }
  const all = [...checkpoint.tensors.values()];
  return {
    tensors: all.filter(({ name }) => wanted.has(name)),
    unused: all.map(({ name }) => name).filter((name) => !wanted.has(name) && name !== ROPE_DIVISORS),
  };
}

function* tensorsOf(architecture: Architecture, c: ModelConfig): Generator<TensorSpec> {
  yield { name: 'token_embd.weight', shape: [c.vocabSize, c.hiddenSize] };
  const perLayer = architecture.layerTensors(c);
  for (let layer = 0; layer < c.numLayers; layer++) {
    for (const spec of perLayer) yield { ...spec, name: `blk.${layer}.${spec.name}` };
  }
  yield { name: 'output_norm.weight', shape: [c.hiddenSize] };
  yield { name: 'output.weight', shape: [c.vocabSize, c.hiddenSize], optional: true };
}

/** Gives uploaded tensors their places. `tensors` has every tensor of the plan. */
export function arrangeWeights(tensors: ReadonlyMap<string, Tensor>, numLayers: number): ModelWeights {
  const embedding = tensors.get('token_embd.weight')!;
  return {
    embedding,
    layers: Array.from({ length: numLayers }, (_, layer) => arrangeLayer(tensors, `blk.${layer}.`)),
    outputNorm: tensors.get('output_norm.weight')!,
    head: { weight: tensors.get('output.weight') ?? embedding },
  };
}

function arrangeLayer(tensors: ReadonlyMap<string, Tensor>, prefix: string): LayerWeights {
  const weight = (name: string) => tensors.get(`${prefix}${name}.weight`);
  const linear = (name: string): Linear => ({ weight: weight(name)!, bias: tensors.get(`${prefix}${name}.bias`) });
  return {
    attention: {
      norm: weight('attn_norm')!,
      query: linear('attn_q'),
      key: linear('attn_k'),
      value: linear('attn_v'),
      queryNorm: weight('attn_q_norm'),
      keyNorm: weight('attn_k_norm'),
    },
    attentionOutput: linear('attn_output'),
    feedForward: { norm: weight('ffn_norm')!, gate: linear('ffn_gate'), up: linear('ffn_up') },
    feedForwardDown: linear('ffn_down'),
  };
}
