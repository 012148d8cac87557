import type { ByteSource } from './byte-source.ts';

/**
 * A regular file, in Node. Loaded when called, so that this module can also be part of a browser bundle.
 *
 * @throws RealizarError `file-not-found` | `not-a-regular-file` | `io-failed`
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const node = await import('./byte-source.node.ts');
  return node.fileSource(path);
}
