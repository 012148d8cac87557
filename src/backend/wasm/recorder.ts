import { Arena } from './arena.ts';
import { CommandList } from './command-list.ts';
import type { KernelExports } from './kernel-exports.ts';
import type { WasmMemory } from './memory.ts';

/** What launchers (kernels/*.ts) record with. */
export class Recorder {
  readonly memory: WasmMemory;
  /** This thread's instance of the module, asked for sizes. */
  readonly kernels: KernelExports;
  readonly threads: number;
  readonly commands: CommandList;
  /** Freed by scopes. */
  readonly activations: Arena;
  /** What commands read besides tensors: freed when the list has run. */
  readonly constants: Arena;

  constructor(memory: WasmMemory, kernels: KernelExports, threads: number) {
    this.memory = memory;
    this.kernels = kernels;
    this.threads = threads;
    this.activations = new Arena(memory, 'a forward pass');
    this.constants = new Arena(memory, 'a forward pass');
    this.commands = new CommandList(memory, this.constants);
  }

  /** Copies 32-bit words to where commands can read them until the list has run. @returns where they lie */
  constantWords(words: ArrayLike<number>): number {
    const pointer = this.constants.allocate(words.length * 4);
    this.memory.i32.set(words, pointer / 4);
    return pointer;
  }

  /** The same for f32 numbers. */
  constantFloats(numbers: ArrayLike<number>): number {
    const pointer = this.constants.allocate(numbers.length * 4);
    this.memory.f32.set(numbers, pointer / 4);
    return pointer;
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
