import { RealizarError } from '../errors.ts';
import type { OpenFile } from './open-file.ts';

/** Bytes at rest, read in ranges: a file, a Blob, a URL, memory. */
export interface ByteSource {
  /** For messages: a path, a URL, `memory`. */
  readonly name: string;
  readonly byteLength: number;
  /** The file that it is, where that is open in this process. */
  readonly file?: OpenFile | undefined;
  /**
   * Reads bytes [start, end). With `into` (length end - start, may be a view of shared memory) the bytes go there and
   * `into` is returned; without it, a view that may share the source's own memory (zero-copy for memory sources).
   *
   * @throws RealizarError `out-of-bounds` | `truncated` | `changed-while-reading` | `io-failed`
   */
  read(start: number, end: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes in memory; `read` gives views of them. */
export function memorySource(bytes: Uint8Array, name = 'memory'): ByteSource {
  const source: ByteSource = {
    name,
    byteLength: bytes.byteLength,
    async read(start, end, into) {
      checkRange(source, start, end, into);
      const view = bytes.subarray(start, end);
      if (into === undefined) return view;
      into.set(view);
      return into;
    },
    close: async () => {},
  };
  return source;
}

/** A Blob, such as a File that a person chose in a browser; only the ranges that are read are held in memory. */
export function blobSource(blob: Blob, name = blobName(blob)): ByteSource {
  const source: ByteSource = {
    name,
    byteLength: blob.size,
    async read(start, end, into) {
      checkRange(source, start, end, into);
      const bytes = await bytesOf(blob.slice(start, end), name);
      if (into === undefined) return bytes;
      into.set(bytes);
      return into;
    },
    close: async () => {},
  };
  return source;
}

const blobName = (blob: Blob) => ('name' in blob && typeof blob.name === 'string' ? blob.name : 'blob');

async function bytesOf(blob: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    // Browsers refuse to read a chosen file that was written to since.
    throw new RealizarError('changed-while-reading', `${name} cannot be read any more: open it again`, { cause });
  }
}

/** @throws RealizarError `out-of-bounds` unless 0 <= start <= end <= the source's length and `into` has room for just that */
export function checkRange(
  source: Pick<ByteSource, 'name' | 'byteLength'>,
  start: number,
  end: number,
  into?: Uint8Array,
): void {
  const ordered =
    Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= source.byteLength;
  if (!ordered) {
    const message = `${source.name}: bytes ${start} to ${end} were asked for, and it has ${source.byteLength}`;
    throw new RealizarError('out-of-bounds', message, { offset: start });
  }
  if (into !== undefined && into.byteLength !== end - start) {
    const message = `${source.name}: ${end - start} bytes do not fit a buffer of ${into.byteLength}`;
    throw new RealizarError('out-of-bounds', message, { offset: start });
  }
}
