import { checkRange, type ByteSource } from '../checkpoint/byte-source.ts';

/** Large enough that the round trip to a server is small beside it, small enough that several are nothing beside a model. */
const BLOCK_BYTES = 4 * 2 ** 20;

/** Blocks kept: several readers, each with the block it reads and the one after it. */
const BLOCKS = 8;

/**
 * A source that is slow to answer, read in large blocks: small reads share a block, and the block after the one that is
 * read is already on its way.
 */
export function readAhead(source: ByteSource, blockBytes = BLOCK_BYTES): ByteSource {
  // A Map keeps insertion order, and each use inserts anew: the first block is the least recently used.
  const blocks = new Map<number, Promise<Uint8Array>>();

  const block = (index: number): Promise<Uint8Array> => {
    const start = index * blockBytes;
    const bytes = blocks.get(index) ?? source.read(start, Math.min(start + blockBytes, source.byteLength));
    blocks.delete(index);
    blocks.set(index, bytes);
    bytes.catch(() => blocks.delete(index));
    if (blocks.size > BLOCKS) blocks.delete(blocks.keys().next().value!);
    return bytes;
  };

  return {
    name: source.name,
    byteLength: source.byteLength,
    async read(start, end, into) {
      checkRange(source, start, end, into);
      const bytes = into ?? new Uint8Array(end - start);
      for (let at = start; at < end;) {
        const index = Math.floor(at / blockBytes);
        const wanted = block(index);
        if ((index + 1) * blockBytes < source.byteLength) void block(index + 1);
        const from = at - index * blockBytes;
        const part = (await wanted).subarray(from, from + end - at);
        bytes.set(part, at - start);
        at += part.byteLength;
      }
      return bytes;
    },
    close: () => source.close(),
  };
}
