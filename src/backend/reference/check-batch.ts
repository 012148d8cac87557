import { RealizarError } from '../../errors.ts';
import type { Batch } from '../backend.ts';
import { cacheReach } from '../cache-reach.ts';
import { isSoundBatch } from '../sound-batch.ts';

/**
 * Refuses a batch that contradicts itself, or that points outside a cache of `slots` slots.
 *
 * @throws RealizarError `invalid-argument`
 */
export function checkBatch(batch: Batch, slots: number): void {
  const reach = cacheReach(batch);
  if (isSoundBatch(batch) && reach.slots <= slots && reach.blocks <= Math.ceil(slots / batch.blockSize)) return;
  throw new RealizarError(
    'invalid-argument',
    'a batch has arrays of different lengths, or numbers beyond its block table or cache',
  );
}
