import type { Arena } from './arena.ts';
import type { WasmMemory } from './memory.ts';
import {
  ARGUMENTS_WORD,
  BARRIER,
  CHUNKS_WORD,
  COMMAND_WORDS,
  COUNTER_WORD,
  DONE_WORD,
  END,
  EVERY_THREAD,
  FLAGS_WORD,
  JUMP,
} from './opcodes.ts';

/** Commands of one segment: enough for a forward pass of most models, so that lists seldom jump. */
const SEGMENT_COMMANDS = 512;

/** Whether the next command may start before all threads have finished this one: only where it reads nothing that this writes. */
export type Ordering = 'then-wait' | 'then-go-on';

/** Where a list ended. */
export interface ListMark {
  readonly segment: number;
  readonly length: number;
}

/** Records what threads will do (assembly/walk.ts) into memory. */
export class CommandList {
  readonly #memory: WasmMemory;
  readonly #constants: Arena;
  readonly #firstSegment: number;
  #segment: number;
  #length = 0;
  #start: number;

  /** @param constants where further segments come from; emptied after every run, as the list is */
  constructor(memory: WasmMemory, constants: Arena) {
    this.#memory = memory;
    this.#constants = constants;
    this.#firstSegment = memory.allocate(SEGMENT_COMMANDS * COMMAND_WORDS * 4, 'the command list');
    this.#segment = this.#start = this.#firstSegment;
  }

  get isEmpty(): boolean {
    return this.#next === this.#start;
  }

  /**
   * @param chunks parts that threads take one by one; `every-thread`: each does the command once, for itself, before its first
   *   chunk of the commands that follow
   * @param args 32-bit words: integers, pointers, `floatBits`
   */
  record(
    opcode: number,
    chunks: number | 'every-thread',
    args: readonly number[],
    ordering: Ordering = 'then-wait',
  ): void {
    if (this.#length === SEGMENT_COMMANDS - 1) this.#jump();
    const at = this.#next / 4;
    this.#length += 1;
    const { i32 } = this.#memory;
    i32[at] = opcode;
    i32[at + CHUNKS_WORD] = chunks === 'every-thread' ? EVERY_THREAD : chunks;
    i32[at + FLAGS_WORD] = ordering === 'then-wait' ? BARRIER : 0;
    for (let i = 0; i < args.length; i++) i32[at + ARGUMENTS_WORD + i] = args[i]!;
    i32[at + COUNTER_WORD] = i32[at + DONE_WORD] = 0;
  }

  /** Ends the list; what is recorded next is another one, behind it. @returns where it begins */
  cut(): number {
    const start = this.#start;
    this.#memory.i32[this.#next / 4] = END;
    this.#length += 1;
    if (this.#length >= SEGMENT_COMMANDS - 1) this.#startSegment();
    this.#start = this.#next;
    return start;
  }

  /** Begins anew, in the place of lists that were cut before: they have to run before anything is recorded. */
  reset(): void {
    this.#segment = this.#start = this.#firstSegment;
    this.#length = 0;
  }

  /** The end of what was cut. */
  mark(): ListMark {
    return { segment: this.#segment, length: this.#length };
  }

  /** Records on from a mark, over what came behind it. */
  goOn({ segment, length }: ListMark): void {
    this.#segment = segment;
    this.#length = length;
    this.#start = this.#next;
  }

  /** Makes a list that has run ready to run again: no chunk is taken or done. */
  rearm(list: number): void {
    const { i32 } = this.#memory;
    for (let at = list / 4; i32[at] !== END;) {
      i32[at + COUNTER_WORD] = i32[at + DONE_WORD] = 0;
      at = i32[at] === JUMP ? (i32[at + ARGUMENTS_WORD]! >>> 0) / 4 : at + COMMAND_WORDS;
    }
  }

  /** `cut` and `reset`, for a list that runs at once. */
  finish(): number {
    const start = this.cut();
    this.reset();
    return start;
  }

  /** Where the next command goes. */
  get #next(): number {
    return this.#segment + this.#length * COMMAND_WORDS * 4;
  }

  #jump(): void {
    const at = this.#next / 4;
    this.#startSegment();
    this.#memory.i32[at] = JUMP;
    this.#memory.i32[at + ARGUMENTS_WORD] = this.#segment;
  }

  #startSegment(): void {
    this.#segment = this.#constants.allocate(SEGMENT_COMMANDS * COMMAND_WORDS * 4);
    this.#length = 0;
  }
}

const bits = new DataView(new ArrayBuffer(4));

/** A number as the word that an f32 argument is. */
export function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}
