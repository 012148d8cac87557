import type { BlockManager } from './block-manager.ts';
import type { Sequence } from './sequence.ts';

/** Rows of one sequence in a step: its positions [start, start + rows). */
export interface ScheduledRows {
  readonly sequence: Sequence;
  readonly start: number;
  readonly rows: number;
  /** Tokens of the last rows, beyond those of the sequence: guesses. */
  readonly draft?: readonly number[];
}

export interface SchedulerLimits {
  /** Sequences that run together. */
  readonly maxSequences: number;
  /** Rows of prefill and of drafts in one step, of all sequences together. */
  readonly chunkSize: number;
}

/**
 * Decides what each step computes, by one rule: every sequence's `computed` catches up with its tokens, oldest first.
 *
 * A step has one row of every sequence that decodes, and at most `chunkSize` rows of prefill beside them: a long prompt never
 * holds up a running answer for more than a chunk. What a chunk has left goes to drafts. When blocks run out, the youngest sequence gives its own back and starts
 * again later from its tokens, with the same text; so the oldest always advances and everything ends.
 * The cache has to be able to hold the longest sequence alone.
 */
export class Scheduler {
  readonly #blocks: BlockManager;
  readonly #limits: SchedulerLimits;
  readonly #waiting: Sequence[] = [];
  /** In order of admission. */
  readonly #running: Sequence[] = [];

  constructor(blocks: BlockManager, limits: SchedulerLimits) {
    this.#blocks = blocks;
    this.#limits = limits;
  }

  get numWaiting(): number {
    return this.#waiting.length;
  }

  get numRunning(): number {
    return this.#running.length;
  }

  add(sequence: Sequence): void {
    this.#waiting.push(sequence);
  }

  /** Takes a sequence out, wherever it is, and frees its blocks. */
  remove(sequence: Sequence): void {
    takeOut(this.#waiting, sequence);
    takeOut(this.#running, sequence);
    sequence.status = 'finished';
    this.#blocks.release(sequence.blocks);
  }

  /** The next step; empty when there is nothing to do. */
  schedule(): ScheduledRows[] {
    const step: ScheduledRows[] = [];
    let budget = this.#limits.chunkSize;

    for (const sequence of [...this.#running]) {
      const rows = rowsOf(sequence, budget);
      if (rows === 0 || sequence.status !== 'running') continue;
      this.#makeRoom(sequence, rows);
      if (sequence.status === 'running') budget -= take(step, sequence, rows);
    }

    while (budget > 0) {
      const sequence = this.#nextInLine();
      if (sequence === undefined) break;
      takeOut(this.#waiting, sequence);
      this.#running.push(sequence);
      sequence.status = 'running';
      // All at once, so that the next in line sees what is really left.
      this.#blocks.grow(sequence.blocks, sequence.tokenIds.length);
      budget -= take(step, sequence, rowsOf(sequence, budget));
    }

    return step.map((scheduled) => {
      const drafted = this.#withDraft(scheduled, budget);
      budget -= drafted.rows - scheduled.rows;
      return drafted;
    });
  }

  /**
   * One more row of each sequence that runs, whose tokens steps in flight will bring; undefined where something else has to
   * come first: somebody may be let in, or has known tokens left, or blocks run out.
   */
  scheduleAhead(mayRunAhead: (sequence: Sequence) => boolean): ScheduledRows[] | undefined {
    const running = this.#running.filter(({ paused }) => !paused);
    const isReady = (sequence: Sequence) => sequence.missing <= 0 && mayRunAhead(sequence);
    if (running.length === 0 || this.#mayLetIn() || !running.every(isReady)) return undefined;
    if (!running.every(({ blocks, computed }) => this.#blocks.grow(blocks, computed + 1))) return undefined;
    return running.map((sequence) => ({ sequence, start: sequence.computed, rows: 1 }));
  }

  /** Has everybody start again from their tokens, in the same order: what the cache held is lost. */
  preemptAll(): void {
    for (const sequence of this.#running.toReversed()) this.#preempt(sequence);
  }

  /** Adds as much of a draft as there is room for to rows that reach the end of their sequence. */
  #withDraft(scheduled: ScheduledRows, budget: number): ScheduledRows {
    const { sequence, start, rows } = scheduled;
    const end = start + rows;
    const draft = sequence.draft.slice(0, budget);
    if (draft.length === 0 || end < sequence.tokenIds.length) return scheduled;
    if (!this.#blocks.grow(sequence.blocks, end + draft.length)) return scheduled;
    return { sequence, start, rows: rows + draft.length, draft };
  }

  #mayLetIn(): boolean {
    const hasPlace = this.#running.length < this.#limits.maxSequences || this.#running.some(({ paused }) => paused);
    return hasPlace && this.#waiting.some(({ paused }) => !paused);
  }

  /** Gets blocks for the next rows, if need be from a paused sequence or the youngest, which may be the sequence itself. */
  #makeRoom(sequence: Sequence, rows: number): void {
    while (sequence.status === 'running' && !this.#blocks.grow(sequence.blocks, sequence.computed + rows)) {
      this.#preempt(this.#running.findLast(({ paused }) => paused) ?? this.#running.at(-1)!);
    }
  }

  #preempt(sequence: Sequence): void {
    takeOut(this.#running, sequence);
    this.#waiting.unshift(sequence);
    sequence.status = 'waiting';
    sequence.computed = 0;
    this.#blocks.release(sequence.blocks);
  }

  /** Who has waited longest, if there is a place. Paused sequences give theirs up. */
  #nextInLine(): Sequence | undefined {
    const sequence = this.#waiting.find(({ paused }) => !paused);
    if (sequence === undefined) return undefined;
    while (!this.#hasPlaceFor(sequence)) {
      const idle = this.#running.findLast(({ paused }) => paused);
      if (idle === undefined) return undefined;
      this.#preempt(idle);
    }
    return sequence;
  }

  /**
   * Whether all its tokens fit now, beside one more block for each of those that run and may soon need one. So a sequence that
   * was just preempted does not take its blocks right back.
   */
  #hasPlaceFor(sequence: Sequence): boolean {
    const { length } = this.#running;
    if (length >= this.#limits.maxSequences) return false;
    return this.#blocks.blocksFor(sequence.tokenIds.length) + length <= this.#blocks.numFree;
  }
}

function rowsOf(sequence: Sequence, budget: number): number {
  if (sequence.paused) return 0;
  return sequence.missing === 1 ? 1 : Math.min(sequence.missing, budget, sequence.maxRows ?? Infinity);
}

/** @returns how many rows of prefill it was */
function take(step: ScheduledRows[], sequence: Sequence, rows: number): number {
  step.push({ sequence, start: sequence.computed, rows });
  return sequence.missing > 1 ? rows : 0;
}

function takeOut(list: Sequence[], sequence: Sequence): void {
  const index = list.indexOf(sequence);
  if (index >= 0) list.splice(index, 1);
}
