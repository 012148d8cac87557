import { byteLength, type DType, formats } from '../../../src/dtype/index.ts';
import { readF16, writeF16 } from '../../../src/dtype/half.ts';
import type { WeightSource } from '../../../src/backend/backend.ts';

/** Fresh numbers for every seed, the same for the same one. Mulberry32, with Box and Muller's Gaussians. */
export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = new TextEncoder().encode(seed).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);
  }

  /** In [0, 1). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** `count` floats around `mean`. */
  floats(count: number, deviation = 1, mean = 0): Float32Array {
    return Float32Array.from({ length: count }, () => mean + deviation * this.gaussian());
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => 256 * this.uniform());
  }
}

/** A weight in a checkpoint, and what it holds. */
export interface TestWeight {
  readonly source: WeightSource;
  readonly shape: readonly number[];
  /** The decoded numbers: what the arithmetic is about. */
  readonly values: Float32Array;
}

/**
 * Where a block of a type that cannot be encoded keeps its f16 scale; and where that of its minima, which has to be the
 * middle quant times as large for the numbers to lie around 0.
 */
const scalesAt: Partial<Record<DType, { readonly scale: number; readonly min?: number; readonly middle?: number }>> = {
  q2_k: { scale: 80, min: 82, middle: 1.5 },
  q3_k: { scale: 108 },
  q4_k: { scale: 0, min: 2, middle: 7.5 },
  q5_k: { scale: 0, min: 2, middle: 15.5 },
  q6_k: { scale: 208 },
};

/** Gaussian numbers with deviation 1/√columns, so that products with a unit row have deviation 1. */
export function randomWeight(random: Random, dtype: DType, shape: readonly number[]): TestWeight {
  const count = shape.reduce((product, n) => product * n, 1);
  const deviation = 1 / Math.sqrt(shape.at(-1)!);
  const { encode } = formats[dtype];
  const bytes = new Uint8Array(byteLength(dtype, shape));
  if (encode) encode(random.floats(count, deviation), bytes);
  else randomBlocks(random, dtype, bytes, count, deviation);
  return weightOf(dtype, shape, bytes);
}

/** A vector around 1, as the weights of norms are. */
export const randomNorm = (random: Random, width: number): TestWeight =>
  floatWeight([width], random.floats(width, 0.2, 1));

export const randomBias = (random: Random, width: number): TestWeight => floatWeight([width], random.floats(width));

export function floatWeight(shape: readonly number[], values: Float32Array): TestWeight {
  return weightOf('f32', shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

export function weightOf(dtype: DType, shape: readonly number[], bytes: Uint8Array): TestWeight {
  const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
  formats[dtype].decode(bytes, values);
  const source: WeightSource = {
    name: `test.${dtype}`,
    dtype,
    shape,
    byteLength: bytes.length,
    async read(start, end, into) {
      if (!into) return bytes.subarray(start, end);
      into.set(bytes.subarray(start, end));
      return into;
    },
  };
  return { source, shape, values };
}

/** Random quants under scales that give the numbers the wanted deviation. */
function randomBlocks(random: Random, dtype: DType, bytes: Uint8Array, count: number, deviation: number): void {
  const { blockBytes, decode } = formats[dtype];
  const { scale, min, middle = 1 } = scalesAt[dtype]!;
  bytes.set(random.bytes(bytes.length));
  const setScales = (next: (old: number) => number) => {
    for (let at = 0; at < bytes.length; at += blockBytes) {
      const size = next(readF16(bytes, at + scale));
      writeF16(bytes, at + scale, size);
      if (min !== undefined) writeF16(bytes, at + min, middle * size);
    }
  };
  setScales(() => 0.01 * (1 + 0.3 * random.gaussian()));
  const values = new Float32Array(count);
  decode(bytes, values);
  const size = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / count);
  setScales((old) => (old * deviation) / size);
}
