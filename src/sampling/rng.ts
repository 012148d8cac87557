const MASK_64 = (1n << 64n) - 1n;

/**
 * The `index`-th output of SplitMix64, computed directly: it depends on seed and index only, so a token's random number
 * does not change with what was drawn before, with batching, or when a generation is resumed.
 *
 * @param seed  0..2^64-1
 * @param index 0, 1, 2, …
 * @returns 64 bits
 * @see Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators", OOPSLA, fig. 17
 */
export function splitMix64(seed: bigint, index: number): bigint {
  let z = (seed + 0x9e3779b97f4a7c15n * BigInt(index + 1)) & MASK_64;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
  return z ^ (z >> 31n);
}

/** A random number for every position of a sequence. */
export interface Rng {
  /** 0 ≤ r ≤ 1. @param position which token, from 0. @param use 0: the draw; 1: a sampler's coin */
  at(position: number, use: 0 | 1): number;
}

/** The engine's own: two numbers for each position, of 53 bits each. */
export const counterRng = (seed: bigint): Rng => ({
  at: (position, use) => Number(splitMix64(seed, 2 * position + use) >> 11n) / 2 ** 53,
});

/** Where the Rust realizar starts when no seed is given. */
export const LCG_DEFAULT_SEED = 42n;

/**
 * The Rust realizar's generator, bit for bit: a 64-bit linear congruential one whose upper 31 bits become a float32.
 * It is sequential: each call, whatever its position, is the next number.
 */
export function lcgRng(seed: bigint = LCG_DEFAULT_SEED): Rng {
  let state = seed;
  return {
    at() {
      state = (state * 6364136223846793005n + 1n) & MASK_64;
      return Math.fround(Number(state >> 33n)) / 2 ** 31;
    },
  };
}
