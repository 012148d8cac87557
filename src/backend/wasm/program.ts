import { countOf, type Tensor } from '../../tensor/tensor.ts';
import type { Mark } from './arena.ts';
import type { Bank } from './bank.ts';
import type { Executor } from './executor.ts';
import type { Profile } from './profile.ts';
import { NOTHING, type Recorder } from './recorder.ts';
import { f32Tensor, type WasmTensor } from './tensor.ts';

/** Lists of several memories run one after another; in between, activations are copied from one to the next. */
type Step =
  | { readonly bank: Bank; readonly list: number }
  | { readonly from: WasmTensor; readonly to: WasmTensor; readonly bytes: number };

/** A program that waits for its turn, or runs. */
export interface Recorded {
  readonly steps: readonly Step[];
  /** Activations that were brought elsewhere: they go back home at the end. */
  readonly away: ReadonlyMap<WasmTensor, WasmTensor>;
}

const NONE: ReadonlyMap<WasmTensor, WasmTensor> = new Map();

/** What is recorded and has not run: one list where a model lies in one memory. */
export class Program {
  readonly #banks: readonly Bank[];
  #steps: Step[] = [];
  #active: Bank;
  /** Where activations are now that an op of another memory asked for. */
  #away = new Map<WasmTensor, WasmTensor>();

  /** @param banks at least one; more may be added */
  constructor(banks: readonly Bank[]) {
    this.#banks = banks;
    this.#active = banks[0]!;
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0 && this.#active.recorder.commands.isEmpty;
  }

  /** Where the next op records. */
  in(bank: Bank): Recorder {
    if (bank !== this.#active) this.#cut();
    this.#active = bank;
    return bank.recorder;
  }

  /** Activations as ops of `bank` see them: brought there first if they are elsewhere, and back home when all has run. */
  bring(tensor: Tensor, bank: Bank): Tensor {
    const home = tensor as WasmTensor;
    const from = this.#away.get(home) ?? home;
    if (from.memory === bank.memory || !this.#banks.some(({ memory }) => memory === from.memory)) return from;
    const bytes = 4 * countOf(home.shape);
    // Not among the activations: a scope that ends would free it, and it has to last until it is back home.
    const pointer = home.memory === bank.memory ? home.pointer : bank.recorder.constants.allocate(bytes);
    const to = home.memory === bank.memory ? home : f32Tensor(bank.memory, home.shape, pointer);
    this.#cut();
    this.#steps.push({ from, to, bytes });
    if (to === home) this.#away.delete(home);
    else this.#away.set(home, to);
    return to;
  }

  /** The list of what `record` records. @returns undefined where that is not one list of `bank` alone */
  listOf(bank: Bank, record: () => void): number | undefined {
    this.in(bank);
    this.#cut();
    const before = this.#steps.length;
    record();
    this.#cut();
    const step = this.#steps[before];
    const isAlone = this.#steps.length === before + 1 && this.#away.size === 0;
    return isAlone && step !== undefined && 'list' in step && step.bank === bank ? step.list : undefined;
  }

  /** Has a list of `bank` that has run before run again, after what is recorded. */
  repeat(bank: Bank, list: number): void {
    this.in(bank);
    this.#cut();
    bank.recorder.commands.rearm(list);
    this.#steps.push({ bank, list });
  }

  /** @returns what `free` takes */
  mark(): readonly Mark[] {
    return this.#banks.map(({ recorder }) => recorder.activations.mark());
  }

  /** Frees the activations made since. */
  free(marks: readonly Mark[]): void {
    this.#banks.forEach(({ memory, recorder }, i) => {
      const mark = marks[i] ?? NOTHING;
      recorder.activations.release(mark);
      for (const home of this.#away.keys()) {
        if (home.memory === memory && !recorder.activations.holds(home.pointer)) this.#away.delete(home);
      }
    });
  }

  /** Everything recorded so far; what is recorded afterwards is another program. */
  take(): Recorded {
    this.#cut();
    const recorded = { steps: this.#steps, away: this.#away.size > 0 ? this.#away : NONE };
    this.#steps = [];
    if (this.#away.size > 0) this.#away = new Map();
    for (const bank of this.#banks) {
      if (bank.batches.size > 0) bank.batches.clear(); // which allocates, even where there are none
      bank.recorder.turn();
    }
    return recorded;
  }

  #cut(): void {
    const { commands } = this.#active.recorder;
    if (!commands.isEmpty) this.#steps.push({ bank: this.#active, list: commands.cut() });
  }
}

/**
 * Runs a program, whose predecessors have run.
 * @param next the first of its steps that has not run
 * @returns nothing where it has run
 */
export function runProgram(
  program: Recorded,
  executor: Executor,
  profile: Profile | undefined,
  next = 0,
): Promise<void> | undefined {
  const { steps, away } = program;
  for (let i = next; i < steps.length; i++) {
    const step = steps[i]!;
    if ('from' in step) {
      copy(step.from, step.to, step.bytes);
      continue;
    }
    profile?.begin(step.bank);
    const running = executor.run(step.bank, step.list);
    if (running) {
      return running.then(() => {
        profile?.end(step.bank);
        return runProgram(program, executor, profile, i + 1);
      });
    }
    profile?.end(step.bank);
  }
  for (const [home, from] of away) copy(from, home, 4 * countOf(home.shape));
  return undefined;
}

const copy = (from: WasmTensor, to: WasmTensor, bytes: number): void =>
  to.memory.u8.set(from.memory.u8.subarray(from.pointer, from.pointer + bytes), to.pointer);
