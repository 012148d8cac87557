import type { Backend, Batch, BestOf, KvShape } from '../backend/backend.ts';
import type { ModelConfig } from '../model/config.ts';
import type { ModelStep } from '../model/model.ts';

/** What the engine needs of a model; `Model` has it. */
export interface ModelRunner {
  readonly config: ModelConfig;
  readonly backend: Pick<Backend, 'info' | 'profile'>;
  /** Has room for `contextLength` positions at least. */
  readonly cache: { readonly shape: KvShape };
  /** Positions that one sequence may have. */
  readonly contextLength: number;
  readonly memoryBytes: number;
  /**
   * Records a step. As many as `backend.info.stepsInFlight` may be recorded before the first is read, in their order.
   * @param best what to bring back of each output row; undefined: all logits
   */
  start(batch: Batch, best?: BestOf): ModelStep;
  /**
   * After a step failed with `device-lost`: a fresh device, the same weights, an empty cache.
   * @throws RealizarError `device-lost` where the model cannot be had again, and what opening and reading throw
   */
  restore(): Promise<void>;
  dispose(): Promise<void>;
}
