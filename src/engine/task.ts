import type { RealizarError } from '../errors.ts';
import type { Sequence } from './sequence.ts';

/** A sequence, and what is to be done with its logits. */
export interface Task {
  readonly sequence: Sequence;
  /** Whoever asked has left. */
  readonly cancelled: boolean;
  /** A step that computes rows of it begins. */
  onScheduled(): void;
  /**
   * Takes the logits of the positions that a step has answered.
   * @param logits [rows, vocab]; a view that is the task's to keep
   * @returns whether the task is done
   */
  accept(logits: Float32Array): boolean;
  /** Told once, when a cancelled task has been taken out. */
  onCancelled(): void;
  fail(error: RealizarError): void;
}
