import type { EngineApi } from '../../src/engine/engine-api.ts';
import type { GoldenCase } from './golden-data.ts';

/** A step at which another token was best than in exact arithmetic, and by how little the exact one had won. */
export interface Flip {
  readonly step: number;
  readonly gap: number;
}

/** Logits of the steps of a continuation, given the exact tokens before each: one row per step. */
export async function teacherForced(
  engine: EngineApi,
  { prompt, continuation }: Pick<GoldenCase, 'prompt' | 'continuation'>,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  const { vocabSize } = engine.config;
  let position = 0;
  for await (const chunk of engine.logits([...prompt, ...continuation.slice(0, -1)])) {
    for (let start = 0; start < chunk.length; start += vocabSize, position++) {
      if (position >= prompt.length - 1) rows.push(chunk.slice(start, start + vocabSize));
    }
  }
  return rows;
}

export function flipsOf(
  rows: readonly Float32Array[],
  { continuation, gaps }: { readonly continuation: readonly number[]; readonly gaps: readonly number[] },
): Flip[] {
  return rows.flatMap((row, step) => (best(row) === continuation[step] ? [] : [{ step, gap: gaps[step]! }]));
}

/** By how much the best token of each step beat the second. */
export const gapsOf = ({ top }: Pick<GoldenCase, 'top'>): number[] =>
  top.map(([first, second]) => first![1] - second![1]);

/** The first of the largest. */
export function best(row: Float32Array): number {
  let at = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[at]!) at = i;
  return at;
}

/** Root mean square of the difference; a constant shift of a row's logits changes nothing and is taken off. */
export function distance(rows: readonly Float32Array[], exact: readonly Float32Array[]): number {
  let squares = 0;
  let count = 0;
  rows.forEach((row, i) => {
    const differences = Float64Array.from(row, (logit, id) => logit - exact[i]![id]!);
    const mean = differences.reduce((sum, d) => sum + d, 0) / differences.length;
    squares += differences.reduce((sum, d) => sum + (d - mean) ** 2, 0);
    count += differences.length;
  });
  return Math.sqrt(squares / count);
}

/** exp of the mean negative log-likelihood of every token but the first. */
export async function perplexityOf(engine: EngineApi, ids: readonly number[]): Promise<number> {
  const { vocabSize } = engine.config;
  let nll = 0;
  let position = 0;
  for await (const chunk of engine.logits(ids)) {
    for (let start = 0; start < chunk.length; start += vocabSize, position++) {
      if (position + 1 < ids.length)
        nll += negativeLogLikelihood(chunk.subarray(start, start + vocabSize), ids[position + 1]!);
    }
  }
  return Math.exp(nll / (ids.length - 1));
}

function negativeLogLikelihood(row: Float32Array, id: number): number {
  const peak = row[best(row)]!;
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += Math.exp(row[i]! - peak);
  return Math.log(sum) + peak - row[id]!;
}
