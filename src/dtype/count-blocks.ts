import { RealizarError } from '../errors.ts';
import type { Format } from './format.ts';

/**
 * Blocks in `bytes`, after checking that they are whole and that `values` has exactly their numbers.
 *
 * @throws RealizarError `bad-length`
 */
export function countBlocks(format: Format, bytes: Uint8Array, values: Float32Array): number {
  const blocks = bytes.length / format.blockBytes;
  if (Number.isInteger(blocks) && values.length === blocks * format.blockSize) return blocks;
  throw new RealizarError(
    'bad-length',
    `${bytes.length} bytes do not hold ${values.length} values: a block has ${format.blockBytes} and ${format.blockSize}`,
  );
}
