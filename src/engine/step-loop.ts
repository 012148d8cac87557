import type { BestOf } from '../backend/backend.ts';
import { RealizarError } from '../errors.ts';
import type { ModelStep } from '../model/model.ts';
import { batchOf, outputsOf, type TokensInFlight } from './batch.ts';
import { BlockManager } from './block-manager.ts';
import type { ModelRunner } from './model-runner.ts';
import { nextMacrotask } from './next-macrotask.ts';
import { RestoreBudget } from './restore-budget.ts';
import { rowsBetween, type RowResults } from './row-results.ts';
import { Scheduler, type ScheduledRows, type SchedulerLimits } from './scheduler.ts';
import type { Sequence } from './sequence.ts';
import type { Task } from './task.ts';

/** Requests that may wait; beyond it they are refused, so that a flood cannot fill the memory. */
export const MAX_WAITING = 4096;

export interface StepLoopOptions extends SchedulerLimits {
  /** Tokens that may be chosen: the first so many logits. */
  readonly vocabSize: number;
}

/** A step that was recorded and not yet read. */
interface StepInFlight extends ModelStep {
  readonly scheduled: readonly ScheduledRows[];
  /** For each of `scheduled`: where its results begin and end among those of the step. */
  readonly outputs: readonly (readonly [first: number, end: number])[];
  readonly bestOf: BestOf | undefined;
}

/**
 * Runs tasks on a model, step by step, for as long as there are any: schedule → batch → results → tasks.
 *
 * A backend that keeps chosen tokens may have several steps in flight: while all that run take the best token of each step, the
 * next is recorded before the last was read. Steps are read in order, and an answer may have ended when a later step that
 * computes it is read: nobody takes those results. Its blocks are free at once all the same. The steps in flight still write
 * to them, but a backend runs steps in the order of their recording: whoever is given the blocks now is scheduled in a step
 * recorded later, which writes every slot before it reads it.
 */
export class StepLoop {
  readonly #model: ModelRunner;
  readonly #vocabSize: number;
  readonly #scheduler: Scheduler;
  readonly #tasks = new Map<Sequence, Task>();
  /** In the order of their recording. */
  readonly #inFlight: StepInFlight[] = [];
  readonly #restores = new RestoreBudget();
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(model: ModelRunner, options: StepLoopOptions) {
    const { numBlocks, blockSize } = model.cache.shape;
    this.#model = model;
    this.#vocabSize = options.vocabSize;
    this.#scheduler = new Scheduler(new BlockManager(numBlocks, blockSize), options);
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
      try {
        if (!this.#record()) break;
        await this.#finish(this.#inFlight.shift()!);
      } catch (error) {
        await this.#recover(typed(error));
      }
      await nextMacrotask();
    }
    if (this.#inFlight.length > 0) await this.#abandonSteps();
    // Here and not in a later microtask, in which a `wake` could be lost.
    this.#running = undefined;
  }

  /** Records a step if none is in flight, and those that can be recorded ahead. @returns whether any is in flight */
  #record(): boolean {
    if (this.#inFlight.length === 0) {
      const scheduled = this.#scheduler.schedule();
      if (scheduled.length === 0) return false;
      this.#start(scheduled);
    }
    const { stepsInFlight = 1 } = this.#model.backend.info;
    while (this.#inFlight.length < stepsInFlight) {
      const before = tokensOf(this.#inFlight.at(-1)!);
      const scheduled = before && this.#scheduler.scheduleAhead((sequence) => this.#tasks.get(sequence)!.mayRunAhead);
      if (scheduled === undefined) break;
      this.#start(scheduled, before);
    }
    return true;
  }

  #start(scheduled: readonly ScheduledRows[], before?: TokensInFlight): void {
    let row = 0;
    const outputs = scheduled.map((rows) => {
      const [first, end] = outputsOf(rows);
      return [row, (row += end - first)] as const;
    });
    for (const { sequence } of scheduled) this.#tasks.get(sequence)!.onScheduled();
    const batch = batchOf(scheduled, this.#model.cache.shape.blockSize, before);
    const bestOf = this.#bestOf(scheduled.filter((_, i) => outputs[i]![0] < outputs[i]![1]));
    const { results, best } = this.#model.start(batch, bestOf);
    results.catch(() => {}); // told to whoever reads it, which may be long after
    for (const { sequence, rows } of scheduled) sequence.computed += rows;
    this.#inFlight.push({ scheduled, outputs, bestOf, results, best });
  }

  /** What is enough for all of these; undefined where that is all logits, or no less than them. */
  #bestOf(answered: readonly ScheduledRows[]): BestOf | undefined {
    const needed = answered.map(({ sequence }) => this.#tasks.get(sequence)!.needed ?? Infinity);
    const limit = this.#vocabSize;
    const count = Math.max(...needed);
    return count >= 1 && 2 * count < limit ? { count, limit } : undefined;
  }

  async #finish({ scheduled, outputs, bestOf, results }: StepInFlight): Promise<void> {
    const all: RowResults = { rows: outputs.at(-1)![1], best: bestOf?.count, data: await results };
    scheduled.forEach(({ sequence, draft }, i) => {
      const [first, end] = outputs[i]!;
      if (first < end) this.#handOut(sequence, rowsBetween(all, first, end));
      // What was computed after a wrong guess is no part of the sequence; its slots are written again.
      if (draft !== undefined) sequence.computed = Math.min(sequence.computed, sequence.tokenIds.length - 1);
    });
  }

  #handOut(sequence: Sequence, results: RowResults): void {
    const task = this.#tasks.get(sequence);
    if (task === undefined || task.cancelled) return;
    try {
      if (task.accept(results)) this.#forget(sequence);
    } catch (error) {
      this.#forget(sequence);
      task.fail(typed(error));
    }
  }

  /** After a lost device everybody starts again from their tokens, which nobody notices; any other error ends all that run. */
  async #recover(error: RealizarError): Promise<void> {
    const others = await this.#abandonSteps();
    // What follows from a loss may be told before it.
    const cause = [error, ...others].find(({ code }) => code === 'device-lost') ?? error;
    if (cause.code !== 'device-lost' || !this.#restores.take(performance.now())) return this.#failAll(cause);
    this.#scheduler.preemptAll();
    try {
      await this.#model.restore();
    } catch (failure) {
      this.#failAll(typed(failure));
    }
  }

  /** Waits for what is in flight and drops it. @returns why steps of it failed */
  async #abandonSteps(): Promise<RealizarError[]> {
    const outcomes = await Promise.allSettled(this.#inFlight.splice(0).map(({ results }) => results));
    return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [typed(outcome.reason)] : []));
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

/** The latest token of each sequence that a step answers; undefined where the step does not choose them. */
function tokensOf({ scheduled, outputs, best }: StepInFlight): TokensInFlight | undefined {
  if (best === undefined) return undefined;
  return { best, rows: new Map(scheduled.map(({ sequence }, i) => [sequence, outputs[i]![1] - 1])) };
}

function typed(error: unknown): RealizarError {
  if (error instanceof RealizarError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new RealizarError('backend-failed', `the backend failed: ${reason}`, { cause: error });
}
