import { Arena, type Mark } from './arena.ts';
import { CommandList, type ListMark } from './command-list.ts';
import type { KernelExports } from './kernel-exports.ts';
import type { WasmMemory } from './memory.ts';

/** Programs that may be recorded and not yet have run: one runs while the next is recorded. */
export const PROGRAMS_IN_FLIGHT = 2;

/** A place in what is recorded. */
export interface RecordingMark {
  readonly commands: ListMark;
  readonly constants: Mark;
}

/** What is a program's own for as long as it has not run. Activations are not: programs run one after another. */
interface Side {
  readonly commands: CommandList;
  readonly constants: Arena;
  readonly results: Arena;
}

/** What launchers (kernels/*.ts) record with. */
export class Recorder {
  readonly memory: WasmMemory;
  readonly threads: number;
  /** Freed by scopes. */
  readonly activations: Arena;
  readonly #sides: readonly Side[];
  /** Where steps are recorded that may run again: nothing else overwrites them. */
  readonly #stepSides: readonly Side[];
  #side = 0;
  #isStep = false;
  readonly #kernels: KernelExports;
  readonly #forms = new Map<number, number>();
  readonly #tokenBytes = new Map<number, number>();

  /** @param kernels this thread's instance of the module, asked for sizes */
  constructor(memory: WasmMemory, kernels: KernelExports, threads: number) {
    this.memory = memory;
    this.#kernels = kernels;
    this.threads = threads;
    this.activations = new Arena(memory, 'a forward pass');
    this.#sides = Array.from({ length: PROGRAMS_IN_FLIGHT }, () => newSide(memory));
    this.#stepSides = Array.from({ length: PROGRAMS_IN_FLIGHT }, () => newSide(memory));
  }

  /** Number of the program that is recorded, of those that may be in flight. */
  get side(): number {
    return this.#side;
  }

  get commands(): CommandList {
    return this.#current.commands;
  }

  /** What commands read besides tensors. */
  get constants(): Arena {
    return this.#current.constants;
  }

  /** What outlives its scope: the result of the latest `best` of a program. */
  get results(): Arena {
    return this.#current.results;
  }

  get #current(): Side {
    return (this.#isStep ? this.#stepSides : this.#sides)[this.#side]!;
  }

  /** Leaves what is recorded alone until it has run; what comes next goes where a program lay that has run. */
  turn(): void {
    this.#side = (this.#side + 1) % PROGRAMS_IN_FLIGHT;
    this.#isStep = false;
    this.commands.reset();
    this.constants.release(NOTHING);
  }

  /** What comes next is a step, in the place of the one that this side had. */
  beginStep(): void {
    this.#isStep = true;
    this.commands.reset();
    this.constants.release(NOTHING);
  }

  /** What comes next follows the step that this side has. @param end of that step */
  continueStep({ commands, constants }: RecordingMark): void {
    this.#isStep = true;
    this.commands.goOn(commands);
    this.constants.release(constants);
  }

  mark(): RecordingMark {
    return { commands: this.commands.mark(), constants: this.constants.mark() };
  }

  /** The form in which a layout's kernels want activations. */
  formOf(layout: number): number {
    const known = this.#forms.get(layout);
    if (known !== undefined) return known;
    const form = this.#kernels.form_of(layout);
    this.#forms.set(layout, form);
    return form;
  }

  /** Bytes of `tokens` activations of `columns` numbers in a form. */
  preparedBytes(form: number, tokens: number, columns: number): number {
    const key = form * MAX_COLUMNS + columns;
    let bytes = this.#tokenBytes.get(key);
    if (bytes === undefined) {
      bytes = this.#kernels.prepared_bytes(form, 1, columns);
      this.#tokenBytes.set(key, bytes);
    }
    return bytes * tokens;
  }

  /** Copies 32-bit words to where commands can read them until the list has run. @returns where they lie */
  constantWords(words: ArrayLike<number>): number {
    const pointer = this.constants.allocate(words.length * 4);
    this.write(pointer, words);
    return pointer;
  }

  /** Words over those that were written before. */
  write(pointer: number, words: ArrayLike<number>): void {
    const { i32 } = this.memory;
    for (let i = 0; i < words.length; i++) i32[pointer / 4 + i] = words[i]!;
  }

  /** Frees what `body` allocates of activations once it has recorded the commands that use it. */
  temporarily<T>(body: () => T): T {
    const mark = this.activations.mark();
    try {
      return body();
    } finally {
      this.activations.release(mark);
    }
  }
}

function newSide(memory: WasmMemory): Side {
  const constants = new Arena(memory, 'a forward pass');
  return { constants, commands: new CommandList(memory, constants), results: new Arena(memory, 'the best tokens') };
}

/** The beginning of an arena. */
export const NOTHING: Mark = { piece: 0, used: 0 };

/** More than fit into a memory: keys of two numbers are one. */
const MAX_COLUMNS = 2 ** 32;
