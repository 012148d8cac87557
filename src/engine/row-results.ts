import { candidatesOfBest, type Candidates } from '../sampling/index.ts';

/** What a step answers for some output rows, one after another. */
export interface RowResults {
  readonly rows: number;
  /** How many of the best tokens each row has; undefined: all logits. */
  readonly best: number | undefined;
  /** [rows, vocab] logits; or [rows, 2 · best]: ids, then their logits. */
  readonly data: Float32Array;
}

/** Rows [first, end), without copying. */
export function rowsBetween({ rows, best, data }: RowResults, first: number, end: number): RowResults {
  const width = data.length / rows;
  return { rows: end - first, best, data: data.subarray(first * width, end * width) };
}

/** Row `i` as samplers take it. @param vocabSize of all logits, only the first so many */
export function rowOf(results: RowResults, i: number, vocabSize: number): Float32Array | Candidates {
  const { data } = rowsBetween(results, i, i + 1);
  return results.best === undefined ? data.subarray(0, vocabSize) : candidatesOfBest(data);
}
