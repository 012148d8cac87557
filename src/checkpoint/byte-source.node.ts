import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { RealizarError } from '../errors.ts';
import { checkRange, type ByteSource } from './byte-source.ts';

/** One system call reads less than 2^31 bytes; smaller pieces let a signal or another read in between. */
const MAX_READ = 2 ** 28;

/**
 * A regular file.
 *
 * @throws RealizarError `file-not-found` | `not-a-regular-file` | `io-failed`
 */
export async function fileSource(path: string): Promise<ByteSource> {
  // Looked at before it is opened: opening a fifo waits for a writer that may never come.
  if (!(await onDisk(path, () => stat(path))).isFile()) throw notRegular(path);
  const handle = await onDisk(path, () => open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  try {
    const opened = await handle.stat({ bigint: true });
    if (!opened.isFile()) throw notRegular(path);
    return sourceOf(handle, path, Number(opened.size), opened.mtimeNs);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function sourceOf(handle: FileHandle, path: string, byteLength: number, modified: bigint): ByteSource {
  const verify = async (offset?: number) => {
    const now = await onDisk(path, () => handle.stat({ bigint: true }));
    if (Number(now.size) === byteLength && now.mtimeNs === modified) return;
    throw new RealizarError(
      'changed-while-reading',
      `${path} was written to while it was read: load it again`,
      offset === undefined ? {} : { offset },
    );
  };
  const source: ByteSource = {
    name: path,
    byteLength,
    file: { descriptor: handle.fd, verify: () => verify() },
    async read(start, end, into) {
      checkRange(source, start, end, into);
      const bytes = into ?? new Uint8Array(end - start);
      await onDisk(path, () => readFully(handle, bytes, start));
      await verify(start);
      return bytes;
    },
    close: () => handle.close(),
  };
  return source;
}

/** Stops early where the file has shrunk; the check that follows says so. */
async function readFully(handle: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const length = Math.min(MAX_READ, bytes.byteLength - done);
    const { bytesRead } = await handle.read(bytes, done, length, start + done);
    if (bytesRead === 0) return;
    done += bytesRead;
  }
}

/** Gives the errors of the system names and words of ours. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new RealizarError('file-not-found', `${path} does not exist`, { cause });
    if (code === 'EACCES' || code === 'EPERM')
      throw new RealizarError('io-failed', `${path} may not be read: permission denied`, { cause });
    throw new RealizarError('io-failed', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

const notRegular = (path: string) => new RealizarError('not-a-regular-file', `${path} is not a regular file`);
