import type { RealizarError } from '../errors.ts';
import type { RowResults } from './row-results.ts';
import type { Sequence } from './sequence.ts';

/** A sequence, and what is to be done with its logits. */
export interface Task {
  readonly sequence: Sequence;
  /** Whoever asked has left. */
  readonly cancelled: boolean;
  /** How many of the best tokens of a row it has to be given; undefined: all logits. */
  readonly needed: number | undefined;
  /** Whether another step may be recorded before those in flight are read: its tokens are the best ones, and it needs more. */
  readonly mayRunAhead: boolean;
  /** A step that computes rows of it begins. */
  onScheduled(): void;
  /**
   * Takes the results of the positions that a step has answered: a view that is the task's to keep.
   * @returns whether the task is done
   */
  accept(results: RowResults): boolean;
  /** Told once, when a cancelled task has been taken out. */
  onCancelled(): void;
  fail(error: RealizarError): void;
}
