import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** A file at rest, to be sent in parts. */
export interface ModelFile {
  readonly byteLength: number;
  /** Another one whenever the file has changed. */
  readonly etag: string;
  /** Bytes [start, end). */
  stream(start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Undefined for what is no regular file, or is not there. */
export async function modelFile(path: string): Promise<ModelFile | undefined> {
  const about = await stat(path).catch(() => undefined);
  if (!about?.isFile()) return undefined;
  return {
    byteLength: about.size,
    etag: `"${about.size.toString(36)}-${Math.round(about.mtimeMs * 1000).toString(36)}"`,
    stream: (start, end) =>
      Readable.toWeb(createReadStream(path, { start, end: end - 1 })) as unknown as ReadableStream<
        Uint8Array<ArrayBuffer>
      >,
  };
}
