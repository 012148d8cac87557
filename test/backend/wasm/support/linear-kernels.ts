import { inflateRawSync } from 'node:zlib';
import {
  kernelSets,
  weightLayout,
  type KernelSet,
  type PackedDType,
  type WeightLayout,
} from '../../../../src/backend/wasm/layouts.ts';
import type { Build } from '../../../../src/backend/wasm/module.ts';
import { byteLength } from '../../../../src/dtype/index.ts';
import { module as relaxed } from '../../../../src/generated/wasm-relaxed.ts';
import { module as simd } from '../../../../src/generated/wasm-simd.ts';

interface Exports {
  readonly linear_scratch_bytes: () => number;
  readonly init_linear: (set: number, scratch: number, wide: number) => void;
  readonly group_bytes: (layout: number, columns: number) => number;
  readonly source_row_bytes: (dtype: number, columns: number) => number;
  readonly repack_rows: (layout: number, dtype: number, source: number, sourceRowBytes: number, weight: number, rows: number, columns: number, firstGroup: number, groups: number) => number; // prettier-ignore
  readonly dequantize_row: (
    layout: number,
    weight: number,
    rows: number,
    columns: number,
    row: number,
    out: number,
  ) => void;
  readonly form_of: (layout: number) => number;
  readonly prepared_bytes: (form: number, tokens: number, columns: number) => number;
  readonly prepare_tokens: (form: number, x: number, xStride: number, columns: number, tokens: number, firstToken: number, count: number, out: number) => void; // prettier-ignore
  readonly linear_groups: (layout: number, weight: number, rows: number, columns: number, firstGroup: number, groups: number, prepared: number, tokens: number, y: number, yStride: number, bias: number, accumulate: number) => void; // prettier-ignore
}

/** What the engine's 8-bit dot is good for here; what a set needs that this is not, cannot be tested on this machine. */
export function dotMode(): 'unsigned' | 'signed' | 'pairs' {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { relaxed_dot } = new WebAssembly.Instance(probe(), { env: { memory } }).exports as {
    relaxed_dot: (a: number, b: number) => number;
  };
  const dot = relaxed_dot(0x7f7f7f7f, -1);
  if (dot === 127 * 255 * 4) return 'unsigned';
  return dot === -127 * 4 ? 'signed' : 'pairs';
}

/** (module (func (export "relaxed_dot") (param i32 i32) (result i32) ...)): lane 0 of i32x4.relaxed_dot_i8x16_i7x16_add_s */
const probe = (): WebAssembly.Module =>
  new WebAssembly.Module(
    new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 15, 1, 11, 114, 101, 108, 97, 120, 101, 100, 95,
      100, 111, 116, 0, 0, 10, 22, 1, 20, 0, 32, 0, 253, 17, 32, 1, 253, 17, 65, 0, 253, 17, 253, 147, 2, 253, 27, 0, 11,
    ]), // prettier-ignore
  );

export const setsOfBuild: Readonly<Record<Build, readonly KernelSet[]>> = {
  relaxed: ['i16', 'relaxed-pairs', 'relaxed-dot-unsigned', 'relaxed-dot-signed'],
  simd: ['i16'],
};

export interface PackedWeight extends WeightLayout {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
  readonly outside: boolean;
}

/** The kernels with a memory of their own and a few words to call them by. */
export class LinearKernels {
  readonly set: KernelSet;
  readonly memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  readonly exports: Exports;
  #free = 65536;
  readonly #afterScratch: number;

  /** @param options.wide whether kernels are taken that pay where V8 fuses vectors; their bits are the same */
  constructor(build: Build, set: KernelSet, options: { readonly wide?: boolean } = {}) {
    this.set = set;
    const module = new WebAssembly.Module(
      new Uint8Array(inflateRawSync(Buffer.from({ relaxed, simd }[build], 'base64'))),
    );
    this.exports = new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports as unknown as Exports;
    this.exports.init_linear(
      kernelSets[set],
      this.allocate(this.exports.linear_scratch_bytes()),
      Number(options.wide ?? false),
    );
    this.#afterScratch = this.#free;
  }

  allocate(bytes: number): number {
    const at = this.#free;
    this.#free = Math.ceil((at + bytes) / 64) * 64 + 64;
    const missing = Math.ceil((this.#free - this.memory.buffer.byteLength) / 65536);
    if (missing > 0) this.memory.grow(missing);
    return at;
  }

  /** Frees everything but the scratch. */
  reset(): void {
    this.#free = this.#afterScratch;
  }

  f32(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length);
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  put(values: Float32Array): number {
    const at = this.allocate(values.byteLength);
    this.f32(at, values.length).set(values);
    return at;
  }

  pack(
    dtype: PackedDType,
    source: Uint8Array,
    rows: number,
    columns: number,
    options: { wide?: boolean } = {},
  ): PackedWeight {
    const layout = weightLayout(dtype, rows, columns, options);
    const from = this.allocate(source.length);
    this.bytes(from, source.length).set(source);
    const at = this.allocate(layout.byteLength);
    this.bytes(at, layout.byteLength).fill(0xa5);
    const rowBytes = byteLength(dtype, [columns]);
    const outside = this.exports.repack_rows(
      layout.layout,
      layout.dtype,
      from,
      rowBytes,
      at,
      rows,
      columns,
      0,
      layout.groups,
    );
    return { ...layout, at, rows, columns, outside: outside !== 0 };
  }

  /** y [tokens, yStride] of all groups, in ranges of `chunk` groups. */
  multiply(weight: PackedWeight, x: Float32Array, tokens: number, options: MultiplyOptions = {}): Float32Array {
    const { layout, at, rows, columns, groups } = weight;
    const { bias, into, chunk = groups, yStride = rows } = options;
    const form = this.exports.form_of(layout);
    const prepared = this.allocate(this.exports.prepared_bytes(form, tokens, columns));
    const from = this.put(x);
    for (let token = 0; token < tokens; token++) {
      this.exports.prepare_tokens(form, from, columns, columns, tokens, token, 1, prepared);
    }
    const y = this.put(into ?? new Float32Array(tokens * yStride).fill(NaN));
    const biasAt = bias ? this.put(bias) : 0;
    for (let group = 0; group < groups; group += chunk) {
      const count = Math.min(chunk, groups - group);
      this.exports.linear_groups(
        layout,
        at,
        rows,
        columns,
        group,
        count,
        prepared,
        tokens,
        y,
        yStride,
        biasAt,
        into ? 1 : 0,
      );
    }
    return this.f32(y, tokens * yStride).slice();
  }
}

export interface MultiplyOptions {
  readonly bias?: Float32Array;
  /** y += instead of y =, beginning with these. */
  readonly into?: Float32Array;
  readonly chunk?: number;
  readonly yStride?: number;
}
