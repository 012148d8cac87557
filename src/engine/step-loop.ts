import type { BackendInfo, Batch, KvShape } from '../backend/backend.ts';
import { RealizarError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { batchOf, outputsOf } from './batch.ts';
import { BlockManager } from './block-manager.ts';
import { nextMacrotask } from './next-macrotask.ts';
import { Scheduler, type ScheduledRows, type SchedulerLimits } from './scheduler.ts';
import type { Sequence } from './sequence.ts';
import type { Task } from './task.ts';

/** What the engine needs of a model; `Model` has it. */
export interface ModelRunner {
  readonly config: ModelConfig;
  readonly backend: { readonly info: BackendInfo };
  /** Has room for `contextLength` positions at least. */
  readonly cache: { readonly shape: KvShape };
  /** Positions that one sequence may have. */
  readonly contextLength: number;
  readonly memoryBytes: number;
  /** @returns logits of `batch.outputRows`, [outputRows, vocab] */
  run(batch: Batch): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Requests that may wait; beyond it they are refused, so that a flood cannot fill the memory. */
export const MAX_WAITING = 4096;

/** Runs tasks on a model, step by step, for as long as there are any: schedule → batch → logits → tasks. */
export class StepLoop {
  readonly #model: ModelRunner;
  readonly #scheduler: Scheduler;
  readonly #tasks = new Map<Sequence, Task>();
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(model: ModelRunner, limits: SchedulerLimits) {
    const { numBlocks, blockSize } = model.cache.shape;
    this.#model = model;
    this.#scheduler = new Scheduler(new BlockManager(numBlocks, blockSize), limits);
  }

  /** @throws RealizarError `closed` | `queue-full` */
  submit(task: Task): void {
    if (this.#closing !== undefined) throw new RealizarError('closed', 'the engine is closed; load the model again');
    if (this.#scheduler.numWaiting >= MAX_WAITING)
      throw new RealizarError('queue-full', `${MAX_WAITING} requests are waiting already; try again later`);
    this.#tasks.set(task.sequence, task);
    this.#scheduler.add(task.sequence);
    this.wake();
  }

  /** Goes on stepping, if it had stopped for want of work. */
  wake(): void {
    this.#running ??= this.#run();
  }

  /** Ends every task with `closed`, and frees the model. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    await this.#running;
    this.#failAll(
      new RealizarError('closed', 'the engine was closed before this had ended; wait for it, then close the engine'),
    );
    await this.#model.dispose();
  }

  async #run(): Promise<void> {
    // Whoever asks several things at once finds them in the first step together.
    await nextMacrotask();
    while (this.#closing === undefined) {
      this.#dropCancelled();
      const step = this.#scheduler.schedule();
      if (step.length === 0) break;
      try {
        await this.#step(step);
      } catch (error) {
        this.#failAll(typed(error));
      }
      await nextMacrotask();
    }
    // Here and not in a later microtask, in which a `wake` could be lost.
    this.#running = undefined;
  }

  async #step(step: readonly ScheduledRows[]): Promise<void> {
    for (const { sequence } of step) this.#tasks.get(sequence)!.onScheduled();
    const logits = await this.#model.run(batchOf(step, this.#model.cache.shape.blockSize));

    const { vocabSize } = this.#model.config;
    let row = 0;
    for (const scheduled of step) {
      const [first, end] = outputsOf(scheduled);
      const { sequence } = scheduled;
      sequence.computed += scheduled.rows;
      if (first < end) this.#handOut(sequence, logits.subarray(row * vocabSize, (row + end - first) * vocabSize));
      row += end - first;
    }
  }

  #handOut(sequence: Sequence, logits: Float32Array): void {
    const task = this.#tasks.get(sequence)!;
    if (task.cancelled) return;
    try {
      if (task.accept(logits)) this.#forget(sequence);
    } catch (error) {
      this.#forget(sequence);
      task.fail(typed(error));
    }
  }

  #dropCancelled(): void {
    for (const [sequence, task] of this.#tasks) {
      if (!task.cancelled) continue;
      this.#forget(sequence);
      task.onCancelled();
    }
  }

  #failAll(error: RealizarError): void {
    for (const [sequence, task] of this.#tasks) {
      this.#forget(sequence);
      task.fail(error);
    }
  }

  #forget(sequence: Sequence): void {
    this.#tasks.delete(sequence);
    this.#scheduler.remove(sequence);
  }
}

function typed(error: unknown): RealizarError {
  if (error instanceof RealizarError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new RealizarError('backend-failed', `the backend failed: ${reason}`, { cause: error });
}
