import { blobSource, memorySource } from '../checkpoint/byte-source.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { openGguf } from '../gguf/open.ts';
import { urlSource, type UrlSourceOptions } from './url-source.ts';

/** A GGUF file behind a URL (of a split one its first part), in a File or Blob, or in memory. */
export type ModelSource = string | URL | Blob | Uint8Array;

/** @throws RealizarError as `urlSource` and `openGguf` */
export async function openModel(source: ModelSource, options: UrlSourceOptions = {}): Promise<Checkpoint> {
  if (source instanceof Uint8Array) return openGguf(memorySource(source));
  if (source instanceof Blob) return openGguf(blobSource(source));
  const url = new URL(source, globalThis.location?.href);
  const openSibling = (name: string) => urlSource(new URL(name, url).href, options);
  return openGguf(await urlSource(url.href, options), openSibling);
}
