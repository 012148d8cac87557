import { sameItems } from '../../tensor/same-items.ts';
import type { Batch } from '../backend.ts';
import type { Mark } from './arena.ts';
import type { Bank } from './bank.ts';
import type { BatchData } from './batch-data.ts';
import type { Program } from './program.ts';
import type { RecordingMark } from './recorder.ts';

/** A step whose commands are still in memory. */
interface KeptStep {
  readonly recipe: readonly unknown[];
  readonly data: BatchData;
  /** Where its activations began. */
  readonly activations: Mark;
  readonly list: number;
  readonly end: RecordingMark;
  /** What recording it returned. */
  readonly result: unknown;
}

/**
 * The latest step of each side of the recorder. To record a step takes as long as a tiny model computes; to run it again with
 * other numbers takes a fraction. So the steps of an answer are recorded once, and again where their shape changes.
 */
export class KeptSteps {
  readonly #bank: Bank;
  readonly #program: Program;
  readonly #steps: (KeptStep | undefined)[] = [];

  /** @param program of `bank` alone, with nothing recorded whenever a step begins */
  constructor(bank: Bank, program: Program) {
    this.#bank = bank;
    this.#program = program;
  }

  /** Records a step, or has the one that was recorded before run again. @returns what `record` returns, or returned then */
  run<T>(batch: Batch, recipe: readonly unknown[], record: () => T): T {
    const { recorder } = this.#bank;
    const kept = this.#steps[recorder.side];
    if (kept === undefined || !sameItems(kept.recipe, recipe) || !this.#replace(kept, batch)) {
      return this.#record(batch, recipe, record);
    }
    recorder.continueStep(kept.end);
    this.#program.repeat(this.#bank, kept.list);
    return kept.result as T;
  }

  #replace({ activations, data }: KeptStep, batch: Batch): boolean {
    const { piece, used } = this.#bank.recorder.activations.mark();
    return activations.piece === piece && activations.used === used && data.replace(batch);
  }

  #record<T>(batch: Batch, recipe: readonly unknown[], record: () => T): T {
    const { recorder, batches } = this.#bank;
    const { side } = recorder;
    this.#steps[side] = undefined;
    const activations = recorder.activations.mark();
    recorder.beginStep();
    let result: T | undefined;
    const list = this.#program.listOf(this.#bank, () => {
      result = record();
    });
    const data = batches.get(batch);
    if (list !== undefined && data !== undefined && batches.size === 1)
      this.#steps[side] = { recipe, data, activations, list, end: recorder.mark(), result };
    return result as T;
  }
}
