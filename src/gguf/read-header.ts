import { MoreBytesNeeded } from '../checkpoint/byte-reader.ts';
import type { ByteSource } from '../checkpoint/byte-source.ts';
import { RealizarError } from '../errors.ts';
import { MAX_HEADER_BYTES } from './limits.ts';
import { parseGguf, type GgufHeader } from './parse.ts';

/** A file and what its header says. */
export interface GgufFile {
  readonly source: ByteSource;
  readonly header: GgufHeader;
}

/** Holds the header of most models with small vocabularies; the next window is four times as large. */
const FIRST_WINDOW = 2 ** 20;

/** Of a file on this machine: holds those with large ones, too, and to read it takes less time than to begin anew. */
const FIRST_WINDOW_OF_FILE = 2 ** 23;

/** Reads little more of the file than the header needs: within a factor of four where that is much. */
export async function readHeader(source: ByteSource): Promise<GgufHeader> {
  for (let window = source.file ? FIRST_WINDOW_OF_FILE : FIRST_WINDOW; ; window *= 4) {
    const bytes = await source.read(0, Math.min(window, MAX_HEADER_BYTES, source.byteLength));
    try {
      return parseGguf(bytes, source);
    } catch (error) {
      if (!(error instanceof MoreBytesNeeded)) throw error;
      if (error.needed > MAX_HEADER_BYTES) {
        throw new RealizarError(
          'limit-exceeded',
          `${source.name}: the header is larger than ${MAX_HEADER_BYTES} bytes`,
          { offset: MAX_HEADER_BYTES },
        );
      }
      window = Math.max(window, error.needed / 4);
    }
  }
}
