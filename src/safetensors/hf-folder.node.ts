import { basename, join, resolve } from 'node:path';
import { fileSource } from '../checkpoint/byte-source.node.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { RealizarError } from '../errors.ts';
import { openHfFolder, type ReadFile } from './hf-folder.ts';
import { companionLimits } from './limits.ts';

/**
 * Opens the folder of a Hugging Face model on disk.
 *
 * @throws RealizarError as `openHfFolder`
 */
export async function openHfFolderAt(path: string): Promise<Checkpoint> {
  return openHfFolder(readSmallFile(path), (name) => fileSource(join(path, name)), basename(resolve(path)));
}

/** Looks at a file's length before it reads it. */
const readSmallFile =
  (folder: string): ReadFile =>
  async (name) => {
    const path = join(folder, name);
    const source = await fileSource(path).catch((error: unknown) => {
      if (error instanceof RealizarError && error.code === 'file-not-found') return undefined;
      throw error;
    });
    if (source === undefined) return undefined;
    try {
      const maxBytes = companionLimits.get(name) ?? 0;
      if (source.byteLength <= maxBytes) return await source.read(0, source.byteLength);
      throw new RealizarError(
        'limit-exceeded',
        `${path} has ${source.byteLength} bytes, and at most ${maxBytes} are allowed`,
        { field: name },
      );
    } finally {
      await source.close();
    }
  };
