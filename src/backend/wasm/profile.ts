import type { OpTime } from '../backend.ts';
import type { Bank } from './bank.ts';
import type { WasmMemory } from './memory.ts';
import {
  ARGUMENTS_WORD,
  ATTENTION,
  EMBED,
  GATED_LINEAR,
  GATHER_ROWS,
  LINEAR,
  MERGE_BEST,
  PREPARE,
  REPACK,
  SCAN_BEST,
  WRITE_KEYS_VALUES,
} from './opcodes.ts';

/** Commands of one run that are told apart; more than a forward pass of 300 layers has. */
const MAX_COMMANDS = 4096;

/** Command, work, waiting: what worker.ts writes of each. */
const NUMBERS_PER_COMMAND = 3;

interface Sums {
  calls: number;
  milliseconds: number;
  waitingMilliseconds: number;
}

/** Where the time of runs goes, as their first thread measures it. */
export class Profile {
  /** Whether commands are measured, or only whole runs. */
  readonly #isDetailed: boolean;
  readonly #sums = new Map<string, Sums>();
  #began = 0;
  #ended: number | undefined;

  /** @param isDetailed whether runs write to `bank.times` how long each command took */
  constructor(isDetailed: boolean) {
    this.#isDetailed = isDetailed;
  }

  /** Before a run. */
  begin(bank: Bank): void {
    if (this.#isDetailed && !bank.times) {
      const numbers = MAX_COMMANDS * NUMBERS_PER_COMMAND + 1;
      bank.times = { pointer: bank.memory.allocate(numbers * 8, 'the profile'), numbers };
    }
    this.#began = performance.now();
    if (this.#ended !== undefined) this.#add('between runs', this.#began - this.#ended);
  }

  /** After a run, while its list is still there. */
  end({ memory, times }: Bank): void {
    this.#ended = performance.now();
    const whole = this.#ended - this.#began;
    if (times) this.#add('wake and report', whole - this.#addCommands(memory, times.pointer));
    else this.#add('run', whole);
  }

  /** @returns the sums so far, dearest first; they begin anew */
  take(): readonly OpTime[] {
    const times = Array.from(this.#sums, ([op, sums]) => ({ op, ...sums }));
    this.#sums.clear();
    return times.sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** @returns ms of all commands */
  #addCommands({ memory, i32 }: WasmMemory, pointer: number): number {
    const times = new Float64Array(memory.buffer, pointer);
    let measured = 0;
    for (let at = 0; times[at] !== 0; at += NUMBERS_PER_COMMAND) {
      const [command, work, waiting] = [times[at]!, times[at + 1]!, times[at + 2]!];
      measured += work + waiting;
      const name = nameOf(i32, command / 4);
      if (name !== undefined) this.#add(name, work, waiting);
    }
    return measured;
  }

  #add(op: string, milliseconds: number, waitingMilliseconds = 0): void {
    const sums = this.#sums.get(op) ?? { calls: 0, milliseconds: 0, waitingMilliseconds: 0 };
    sums.calls += 1;
    sums.milliseconds += milliseconds;
    sums.waitingMilliseconds += waitingMilliseconds;
    this.#sums.set(op, sums);
  }
}

/** @param word index of a command */
function nameOf(i32: Int32Array, word: number): string | undefined {
  const opcode = i32[word]!;
  const name = NAMES[opcode];
  const rows = ROWS_WORD[opcode];
  if (rows === undefined) return name;
  const at = word + ARGUMENTS_WORD + rows;
  return `${name} ${i32[at]}×${i32[at + 1]}`;
}

const NAMES: Readonly<Record<number, string>> = {
  [REPACK]: 'repack',
  [EMBED]: 'embed',
  [PREPARE]: 'prepare',
  [LINEAR]: 'linear',
  [GATED_LINEAR]: 'gated linear',
  [WRITE_KEYS_VALUES]: 'write keys and values',
  [ATTENTION]: 'attention',
  [GATHER_ROWS]: 'gather rows',
  [SCAN_BEST]: 'scan for the best',
  [MERGE_BEST]: 'merge the best',
};

/** Which argument is a weight's number of rows; that of its columns follows. See assembly/lib/structs.ts. */
const ROWS_WORD: Readonly<Record<number, number>> = { [LINEAR]: 3, [GATED_LINEAR]: 10 };
