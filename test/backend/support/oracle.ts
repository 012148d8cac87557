// The ops once more, in float64 and as directly as they can be said: a list of rows in, a list of rows out, no paging,
// no batches. Written from the formulas of src/backend/backend.ts and sharing no code with any backend.

import type { AttentionOptions, Rope } from '../../../src/backend/backend.ts';
import type { TestWeight } from './random.ts';

export type Row = readonly number[];

export interface OracleLinear {
  readonly weight: TestWeight;
  readonly bias?: TestWeight | undefined;
}

/** Row `i` of a weight. */
export function rowOf({ shape, values }: TestWeight, i: number): Row {
  const width = shape.at(-1)!;
  return Array.from(values.subarray(i * width, (i + 1) * width));
}

export const rowsOfWeight = (weight: TestWeight): Row[] =>
  Array.from({ length: weight.shape[0]! }, (_, i) => rowOf(weight, i));

const dot = (a: Row, b: ArrayLike<number>, from = 0): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[from + i]!;
  return sum;
};

export function linear(x: Row, { weight, bias }: OracleLinear): Row {
  const outputs = weight.shape[0]!;
  return Array.from({ length: outputs }, (_, n) => dot(x, weight.values, n * x.length) + (bias ? bias.values[n]! : 0));
}

export function rmsNorm(x: Row, weight: TestWeight, eps: number): Row {
  const size = Math.sqrt(dot(x, x) / x.length + eps);
  return x.map((value, i) => (value / size) * weight.values[i]!);
}

export function gatedLinear(x: Row, norm: TestWeight, gate: OracleLinear, up: OracleLinear, eps: number): Row {
  const h = rmsNorm(x, norm, eps);
  const u = linear(h, up);
  return linear(h, gate).map((g, i) => (g / (1 + Math.exp(-g))) * u[i]!);
}

/** One head, turned to its position. */
export function rotate(head: Row, position: number, { pairing, dimensions, frequencies, magnitude }: Rope): Row {
  const y = [...head];
  for (let pair = 0; pair < dimensions / 2; pair++) {
    const [i, j] = pairing === 'half' ? [pair, pair + dimensions / 2] : [2 * pair, 2 * pair + 1];
    const angle = position * frequencies[pair]!;
    y[i] = magnitude * (head[i]! * Math.cos(angle) - head[j]! * Math.sin(angle));
    y[j] = magnitude * (head[i]! * Math.sin(angle) + head[j]! * Math.cos(angle));
  }
  return y;
}

export interface OracleAttention {
  readonly norm: TestWeight;
  readonly query: OracleLinear;
  readonly key: OracleLinear;
  readonly value: OracleLinear;
  readonly queryNorm?: TestWeight | undefined;
  readonly keyNorm?: TestWeight | undefined;
}

/**
 * `attentionInputs` and `attention` of a whole sequence `x`, from its first position.
 *
 * @param stored what a cache makes of a key head or a value head
 */
export function attend(
  x: readonly Row[],
  weights: OracleAttention,
  options: AttentionOptions,
  stored: (head: Row) => Row = (head) => head,
): Row[] {
  const { numHeads, numKvHeads, headDim, normEps, rope, scale, slidingWindow = Infinity } = options;
  const heads = (row: Row): Row[] =>
    Array.from({ length: row.length / headDim }, (_, h) => row.slice(h * headDim, (h + 1) * headDim));
  const normed = x.map((row) => rmsNorm(row, weights.norm, normEps));
  const turned = (projection: OracleLinear, norm: TestWeight | undefined) =>
    normed.map((row, position) =>
      heads(linear(row, projection)).map((head) => rotate(norm ? rmsNorm(head, norm, normEps) : head, position, rope)),
    );
  const q = turned(weights.query, weights.queryNorm);
  const k = turned(weights.key, weights.keyNorm).map((row) => row.map(stored));
  const v = normed.map((row) => heads(linear(row, weights.value)).map(stored));

  return q.map((queries, position) =>
    queries.flatMap((query, head) => {
      const kvHead = Math.floor(head / (numHeads / numKvHeads));
      const first = Math.max(0, position - slidingWindow + 1);
      const scores = k.slice(first, position + 1).map((keys) => scale * dot(query, keys[kvHead]!));
      const max = Math.max(...scores);
      const exps = scores.map((score) => Math.exp(score - max));
      const sum = exps.reduce((a, b) => a + b, 0);
      const mixed = query.map(() => 0);
      exps.forEach((e, i) => v[first + i]![kvHead]!.forEach((value, d) => (mixed[d]! += (e / sum) * value)));
      return mixed;
    }),
  );
}
