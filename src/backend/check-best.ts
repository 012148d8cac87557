import { RealizarError } from '../errors.ts';

/** @throws RealizarError `invalid-argument` unless 1 ≤ count ≤ limit ≤ vocab */
export function checkBest(count: number, limit: number, vocab: number): void {
  if (Number.isInteger(count) && Number.isInteger(limit) && count >= 1 && count <= limit && limit <= vocab) return;
  throw new RealizarError(
    'invalid-argument',
    `the best ${count} of the first ${limit} logits of ${vocab} cannot be chosen: both have to be whole numbers, rising`,
    { field: 'count' },
  );
}
