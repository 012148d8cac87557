import { sameItems } from '../../tensor/same-items.ts';
import type { Batch } from '../backend.ts';
import type { BatchData, BatchStore, StepUpload } from './batch-data.ts';
import type { BestTokens } from './best-tokens.ts';
import type { Gpu, KeptDispatch } from './gpu.ts';
import type { GpuTensor } from './gpu-tensor.ts';
import { hasStepShape, type StepShape, stepShape } from './step-shape.ts';

/** Each shape has one for every buffer that the best tokens go round in; a busy server has a few shapes at a time. */
const MAX_KEPT = 48;

export interface RecordedStep<T> {
  /** What recording it returned. */
  readonly result: T;
  /** Activations that it made and no scope inside of it. */
  readonly made: readonly GpuTensor[];
}

interface KeptStep extends RecordedStep<unknown> {
  readonly recipe: readonly unknown[];
  readonly shape: StepShape;
  /** Where its batch was. */
  readonly data: BatchData;
  readonly uploads: readonly StepUpload[];
  /** What its `best` returned, if it has one. */
  readonly best: GpuTensor | undefined;
  readonly profiler: unknown;
  readonly dispatches: readonly KeptDispatch[];
}

/**
 * The dispatches of the latest steps. Recording a step takes longer than some GPUs need to run it, and nearly all of that is
 * finding out what is the same step after step. A step like an earlier one has its numbers written into the same buffers and the
 * same dispatches recorded again.
 */
export class KeptSteps {
  readonly #gpu: Gpu;
  readonly #batches: BatchStore;
  readonly #best: BestTokens;
  /** The latest used last. */
  #steps: KeptStep[] = [];
  #generation = 0;

  constructor(gpu: Gpu, batches: BatchStore, best: BestTokens) {
    this.#gpu = gpu;
    this.#batches = batches;
    this.#best = best;
  }

  /** After what is recorded has changed: other kernels, other caches. */
  forget(): void {
    this.#steps = [];
  }

  /**
   * Records a step, or repeats one. Call it outside of scopes.
   * @throws RealizarError `invalid-argument` for a batch that contradicts itself, and what `record` throws
   */
  run<T>(batch: Batch, recipe: readonly unknown[], record: () => RecordedStep<T>): RecordedStep<T> {
    if (!this.#batches.isEmpty) return record(); // its buffers would be others than usual
    if (this.#generation !== this.#gpu.generation) this.forget();
    this.#generation = this.#gpu.generation;
    const data = this.#batches.dataOf(batch);
    const known = this.#steps.findIndex((step) => this.#isLike(step, batch, recipe, data));
    const [kept] = known < 0 ? [] : this.#steps.splice(known, 1);
    if (kept === undefined || !kept.uploads.every(({ buffer, again }) => again(data) === buffer)) {
      return this.#record(batch, recipe, data, record);
    }
    if (kept.best) this.#best.takeAgain(kept.best);
    this.#gpu.repeat(kept.dispatches);
    this.#steps.push(kept);
    return kept as KeptStep & RecordedStep<T>;
  }

  #isLike({ shape, best, profiler, ...kept }: KeptStep, batch: Batch, recipe: readonly unknown[], data: BatchData) {
    const { ids, rows, table, limits } = kept.data;
    return (
      sameItems(kept.recipe, recipe) &&
      hasStepShape(batch, data, shape) &&
      (best === undefined || this.#best.isNext(best)) &&
      data.ids === ids &&
      data.rows === rows &&
      data.table === table &&
      limits.hold(batch, data.reach) &&
      profiler === this.#gpu.profiler // it wants better labels
    );
  }

  #record<T>(
    batch: Batch,
    recipe: readonly unknown[],
    data: BatchData,
    record: () => RecordedStep<T>,
  ): RecordedStep<T> {
    const { taken } = this.#best;
    const { result: recorded, dispatches } = this.#gpu.keep(record);
    const bests = this.#best.taken - taken;
    if (dispatches === undefined || bests > 1 || this.#generation !== this.#gpu.generation) return recorded;
    const shape = stepShape(batch, data);
    const best = bests === 1 ? this.#best.latest : undefined;
    const { uploads } = this.#batches;
    const { profiler } = this.#gpu;
    this.#steps.push({ ...recorded, recipe, shape, data, uploads, best, profiler, dispatches });
    if (this.#steps.length > MAX_KEPT) this.#steps.shift();
    return recorded;
  }
}
