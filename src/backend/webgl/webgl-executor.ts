import { RealizarError } from '../../errors.ts';
import type { Bank } from '../wasm/bank.ts';
import { InlineExecutor } from '../wasm/inline-executor.ts';
import type { WasmMemory } from '../wasm/memory.ts';
import { ARGUMENTS_WORD, CHUNKS_WORD, COMMAND_WORDS, EMBED, GATED_LINEAR, LINEAR } from '../wasm/opcodes.ts';
import type { Matrix } from './matrix.ts';
import type { Products } from './products.ts';
import { untiled } from './untiled.ts';

/** Runs lists of the wasm backend in the calling thread, and on the GPU what concerns its matrices. */
export class WebglExecutor extends InlineExecutor {
  readonly #products: Products;
  /** By the pointer that stands for each in commands. */
  readonly #matrices = new Map<number, Matrix>();

  constructor(products: Products) {
    super();
    this.#products = products;
  }

  /** @param pointer an address that no other weight has */
  hold(pointer: number, matrix: Matrix): void {
    this.#matrices.set(pointer, matrix);
  }

  override async run({ kernels, memory }: Pick<Bank, 'kernels' | 'memory'>, list: number): Promise<void> {
    try {
      for (let command = list; command !== 0; command = kernels.proceed(command, 1)) {
        if (!this.#runOnGpu(memory, command)) kernels.work(command, 0);
      }
    } catch (cause) {
      throw new RealizarError('closed', `the kernels failed: ${String(cause)}`, { cause });
    }
  }

  override async dispose(): Promise<void> {
    for (const matrix of this.#matrices.values()) this.#products.free(matrix);
    this.#matrices.clear();
    this.#products.dispose();
  }

  /** @returns false for a command that is not the GPU's */
  #runOnGpu(memory: WasmMemory, command: number): boolean {
    const words = memory.i32.subarray(command / 4, command / 4 + COMMAND_WORDS);
    const args = words.subarray(ARGUMENTS_WORD);
    switch (words[0]) {
      case LINEAR:
        return this.#linear(memory, args);
      case GATED_LINEAR:
        return this.#gatedLinear(memory, args);
      case EMBED:
        return this.#embed(memory, words[CHUNKS_WORD]!, args);
      default:
        return false;
    }
  }

  /** Arguments as in wasm/kernels/linear.ts. */
  #linear(memory: WasmMemory, [, weight, bias, , columns, , input, , tokens, y, accumulate]: Int32Array): boolean {
    const matrix = this.#matrices.get(weight!);
    if (!matrix) return false;
    const product = this.#product(memory, matrix, bias!, input!, tokens!, columns!);
    const out = memory.f32.subarray(y! / 4, y! / 4 + product.length);
    if (accumulate) for (let i = 0; i < out.length; i++) out[i]! += product[i]!;
    else out.set(product);
    return true;
  }

  /** Arguments as in wasm/kernels/gated-linear.ts. */
  #gatedLinear(memory: WasmMemory, words: Int32Array): boolean {
    const [, gateWeight, gateBias, gateInput, , , upWeight, upBias, upInput, , , columns, , tokens, y] = words;
    const gate = this.#matrices.get(gateWeight!);
    const up = this.#matrices.get(upWeight!);
    if (!gate || !up) return false;
    const gates = this.#product(memory, gate, gateBias!, gateInput!, tokens!, columns!);
    const ups = this.#product(memory, up, upBias!, upInput!, tokens!, columns!);
    const out = memory.f32.subarray(y! / 4, y! / 4 + gates.length);
    for (let i = 0; i < out.length; i++) out[i] = (gates[i]! / (1 + Math.exp(-gates[i]!))) * ups[i]!;
    return true;
  }

  /** Arguments as in wasm/kernels/embed.ts. */
  #embed(memory: WasmMemory, count: number, args: Int32Array): boolean {
    const [, weight, , , ids, out, chosenRows, best, bestColumns] = args;
    const matrix = this.#matrices.get(weight!);
    if (!matrix) return false;
    const numbers = memory.i32.slice(ids! / 4, ids! / 4 + count);
    const chosen = chosenRows === 0 ? 0 : count;
    for (let token = 0; token < chosen; token++) {
      const row = memory.i32[chosenRows! / 4 + token]!;
      if (row >= 0) numbers[token] = memory.f32[best! / 4 + row * bestColumns!]!;
    }
    memory.f32.set(this.#products.rows(matrix, numbers), out! / 4);
    return true;
  }

  #product(
    memory: WasmMemory,
    matrix: Matrix,
    bias: number,
    input: number,
    tokens: number,
    columns: number,
  ): Float32Array {
    const { rows } = matrix;
    const product = this.#products.multiply(matrix, untiled(memory.f32, input / 4, tokens, columns));
    if (bias !== 0) for (let i = 0; i < product.length; i++) product[i]! += memory.f32[bias / 4 + (i % rows)]!;
    return product;
  }
}
