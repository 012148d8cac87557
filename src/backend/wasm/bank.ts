import type { Batch } from '../backend.ts';
import type { BatchData } from './batch-data.ts';
import type { KernelExports } from './kernel-exports.ts';
import { WasmMemory } from './memory.ts';
import { createMemory } from './module.ts';
import { Recorder } from './recorder.ts';

/** Pages of 64 KiB to start with; the memory grows with what is put into it. */
const INITIAL_PAGES = 64;

export interface BankOptions {
  readonly module: WebAssembly.Module;
  readonly shared: boolean;
  readonly threads: number;
  /** Number of the kernel set. */
  readonly kernelSet: number;
  /** Whether V8 fuses vectors. */
  readonly wide?: boolean;
  /** Pages of 64 KiB that it may grow to. */
  readonly maxPages: number;
}

/** A memory with all that is needed to compute in it. A model of more than 4 GiB has several, each with a run of its layers. */
export class Bank {
  readonly index: number;
  readonly memory: WasmMemory;
  /** The calling thread's instance of the module. */
  readonly kernels: KernelExports;
  readonly recorder: Recorder;
  /** Batches of what is recorded, as they lie in this memory. */
  readonly batches = new Map<Batch, BatchData>();
  /** Where runs write their times, if they shall; see profile.ts. */
  times: { readonly pointer: number; readonly numbers: number } | undefined;

  static async create(index: number, options: BankOptions): Promise<Bank> {
    const { module, shared, kernelSet, wide = false, threads, maxPages } = options;
    const memory = createMemory(INITIAL_PAGES, shared);
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    const kernels = instance.exports as unknown as KernelExports;
    const own = new WasmMemory(memory, kernels.heap_base(), maxPages);
    const scratch = shared ? 0 : own.allocate(kernels.linear_scratch_bytes(), 'the kernels');
    kernels.init_linear(kernelSet, scratch, Number(wide));
    return new Bank(index, own, kernels, threads);
  }

  private constructor(index: number, memory: WasmMemory, kernels: KernelExports, threads: number) {
    this.index = index;
    this.memory = memory;
    this.kernels = kernels;
    this.recorder = new Recorder(memory, kernels, threads);
  }
}
