// Keys (normed, rotated) and values of a batch go into their cache slots. A chunk is one token.
import { storeKeyValue } from './key-value-tiles';
import { AttentionArguments } from './lib/structs';
import { rmsNorm } from './rms-norm';
import { rotateHead } from './rope';

export function writeKeysValues(args: usize, token: i32, thread: i32): void {
  const a = changetype<AttentionArguments>(args);
  const scratch = a.scratch + <usize>thread * a.scratchBytes;
  for (let head = 0; head < a.cache.numKvHeads; head++) writeKeyValue(a, token, head, scratch);
}

/** `scratch` has room for two heads. */
export function writeKeyValue(a: AttentionArguments, token: i32, head: i32, scratch: usize): void {
  const cache = a.cache;
  const headDim = cache.headDim;
  const slot = load<i32>(a.batch.slotMapping + (<usize>token << 2));
  const block = slot / cache.blockSize;
  const offset = slot - block * cache.blockSize;
  const row = <usize>(token * cache.numKvHeads + head) * (<usize>headDim << 2);

  const key = positionedHead(a, a.k + row, a.keyNorm, token, scratch);
  storeKeyValue(cache, block, offset, head, key, a.v + row);
}

/** The head at `x` after its norm, if it has one, and rope. @returns where it lies: in `scratch` */
export function positionedHead(a: AttentionArguments, x: usize, norm: usize, token: i32, scratch: usize): usize {
  const headDim = a.cache.headDim;
  if (norm != 0) {
    const normed = scratch + (<usize>headDim << 2);
    rmsNorm(x, norm, normed, headDim, a.normEps);
    x = normed;
  }
  const table = <usize>token * (<usize>a.rope.dimensions << 1);
  rotateHead(x, scratch, a.rope.cos + table, a.rope.sin + table, headDim, a.rope.dimensions, a.rope.interleaved != 0);
  return scratch;
}
