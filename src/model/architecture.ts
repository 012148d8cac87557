import type { Backend, Batch, KvLayer, Rope } from '../backend/backend.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ModelConfig } from './config.ts';
import type { LayerWeights } from './weights.ts';

/** A tensor that an architecture expects. */
export interface TensorSpec {
  /** Without `blk.N.` for those of a layer. */
  readonly name: string;
  /** [rows, columns], or [length] */
  readonly shape: readonly number[];
  readonly optional?: boolean;
}

/** What one family of models has of its own; one file each in `architectures/`. */
export interface Architecture {
  /** `general.architecture` of GGUF, `model_type` of config.json. */
  readonly name: string;
  /** How GGUF files of this family order the rows of q and k. */
  readonly ropePairing: Rope['pairing'];
  layerTensors(c: ModelConfig): readonly TensorSpec[];
  decoderLayer(op: Backend, w: LayerWeights, c: ModelConfig, cache: KvLayer, batch: Batch, x: Tensor): void;
}
