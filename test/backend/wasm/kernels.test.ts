import { beforeAll, describe, expect, test } from 'vitest';
import type { Build } from '../../../src/backend/wasm/module.ts';
import { compileModule, compileProbe, createMemory } from '../../../src/backend/wasm/module.ts';
import { Random } from '../support/random.ts';

/** Single kernels that the module exports for these tests. */
interface Kernels {
  exponential(x: number, count: number): void;
  siluMultiply(gate: number, up: number, count: number): void;
  rmsNorm(x: number, weight: number, y: number, length: number, epsilon: number): void;
  rotateHead(
    x: number,
    y: number,
    cos: number,
    sin: number,
    headDim: number,
    dimensions: number,
    interleaved: number,
  ): void;
  softmaxWeights(scores: number, from: number, to: number, length: number): number;
}

const BASE = 65_536;
const builds: Build[] = (await compileProbe()) ? ['relaxed', 'simd'] : ['simd'];

describe.each(builds)('in the %s build', (build) => {
  const memory = createMemory(32, true);
  const f32 = new Float32Array(memory.buffer);
  let kernels: Kernels;

  beforeAll(async () => {
    const module = await compileModule(build, true);
    kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
  });

  /** Puts arrays into memory one after another. @returns their pointers */
  function put(...arrays: readonly ArrayLike<number>[]): number[] {
    let at = BASE;
    return arrays.map((array) => {
      const pointer = at;
      f32.set(array, pointer / 4);
      at += Math.ceil((array.length * 4) / 64) * 64 + 64;
      return pointer;
    });
  }

  const get = (pointer: number, length: number) => f32.slice(pointer / 4, pointer / 4 + length);

  test('exp is within 2e-7 of the exact one from -87.3 to 88, and 0 where that is no normal number', () => {
    const x = Float32Array.from({ length: 40_000 }, (_, i) => -87.3 + (i / 40_000) * 175.3);
    const [pointer] = put(x);
    kernels.exponential(pointer!, x.length);
    get(pointer!, x.length).forEach((actual, i) => {
      const exact = Math.exp(x[i]!);
      if (Math.abs(actual - exact) > 2e-7 * exact) expect.fail(`exp(${x[i]}) = ${actual}, exactly ${exact}`);
    });
    const [small] = put([-87.4, -1000, -Infinity, 0]);
    kernels.exponential(small!, 4);
    expect([...get(small!, 4)]).toEqual([0, 0, 0, 1]);
  });

  test.each([1, 3, 4, 37, 1536])('silu(gate) ⊙ up of %i numbers', (count) => {
    const random = new Random(`silu ${count}`);
    const [gate, up] = [random.floats(count, 8), random.floats(count)];
    gate[0] = -100;
    const [gateAt, upAt] = put(gate, up);
    kernels.siluMultiply(gateAt!, upAt!, count);
    get(gateAt!, count).forEach((actual, i) => {
      const exact = (gate[i]! / (1 + Math.exp(-gate[i]!))) * up[i]!;
      expect(Math.abs(actual - exact)).toBeLessThanOrEqual(1e-6 * Math.abs(exact) + 1e-30);
    });
  });

  test.each([1, 4, 6, 31, 576, 2048])('rms norm of a row of %i', (length) => {
    const random = new Random(`norm ${length}`);
    const [x, weight] = [random.floats(length, 3), random.floats(length, 0.2, 1)];
    const [xAt, weightAt, yAt] = put(x, weight, new Float32Array(length));
    kernels.rmsNorm(xAt!, weightAt!, yAt!, length, 1e-5);
    const scale = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / length + 1e-5);
    get(yAt!, length).forEach((actual, i) => {
      const exact = x[i]! * scale * weight[i]!;
      expect(Math.abs(actual - exact)).toBeLessThanOrEqual(1e-6 * Math.abs(exact));
    });
  });

  test.each([
    { headDim: 64, dimensions: 64, interleaved: true },
    { headDim: 64, dimensions: 64, interleaved: false },
    { headDim: 80, dimensions: 20, interleaved: true },
    { headDim: 6, dimensions: 4, interleaved: false },
  ])(
    'rope turns pairs and lets the rest pass: $headDim $dimensions $interleaved',
    ({ headDim, dimensions, interleaved }) => {
      const random = new Random(`rope ${headDim}`);
      const pairs = dimensions / 2;
      const x = random.floats(headDim);
      const angles = Array.from({ length: pairs }, () => 6 * random.uniform());
      const [xAt, cosAt, sinAt, yAt] = put(x, angles.map(Math.cos), angles.map(Math.sin), new Float32Array(headDim));
      kernels.rotateHead(xAt!, yAt!, cosAt!, sinAt!, headDim, dimensions, interleaved ? 1 : 0);
      const expected = Array.from(x);
      angles.forEach((angle, i) => {
        const a = interleaved ? 2 * i : i;
        const b = interleaved ? 2 * i + 1 : i + pairs;
        expected[a] = x[a]! * Math.cos(angle) - x[b]! * Math.sin(angle);
        expected[b] = x[a]! * Math.sin(angle) + x[b]! * Math.cos(angle);
      });
      get(yAt!, headDim).forEach((actual, i) => expect(actual).toBeCloseTo(expected[i]!, 5));
    },
  );

  test('softmax weights sum to what is returned, are 0 outside their range, and do not depend on what lies there', () => {
    const random = new Random('softmax');
    const [from, to, length] = [3, 42, 48];
    const scores = random.floats(length, 5);
    const run = (outside: number) => {
      const row = scores.map((score, i) => (i >= from && i < to ? score : outside));
      const [pointer] = put(row);
      const sum = kernels.softmaxWeights(pointer!, from, to, length);
      return { sum, weights: get(pointer!, length) };
    };
    const { sum, weights } = run(1000);
    const largest = Math.max(...scores.subarray(from, to));
    const exact = scores.map((score, i) => (i >= from && i < to ? Math.exp(Math.fround(score - largest)) : 0));
    weights.forEach((weight, i) => expect(Math.abs(weight - exact[i]!)).toBeLessThanOrEqual(3e-7 * exact[i]!));
    expect(sum).toBeCloseTo(
      exact.reduce((total, weight) => total + weight, 0),
      5,
    );
    expect(run(Number.NaN)).toEqual({ sum, weights });
  });

  test('the sum of softmax weights has the same bits wherever its row begins', () => {
    const random = new Random('softmax rows');
    const scores = random.floats(41, 4);
    const sums = [0, 4, 12, 400].map((before) => {
      const [pointer] = put([...new Float32Array(before).fill(9), ...scores, 9, 9, 9]);
      return kernels.softmaxWeights(pointer!, before, before + 41, before + 44);
    });
    expect(new Set(sums).size).toBe(1);
  });
});
