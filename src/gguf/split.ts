import { baseName } from '../checkpoint/base-name.ts';
import { brief } from '../checkpoint/brief.ts';
import type { ByteSource } from '../checkpoint/byte-source.ts';
import { optionalInteger, requireInteger } from '../checkpoint/metadata-reader.ts';
import { RealizarError } from '../errors.ts';
import { MAX_SPLIT_PARTS, MAX_TENSORS } from './limits.ts';
import type { GgufHeader } from './parse.ts';
import { readHeader, type GgufFile } from './read-header.ts';

export type OpenSibling = (name: string) => Promise<ByteSource>;

/** Parts are named by llama.cpp's gguf-split: `model-00001-of-00003.gguf`. */
const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;

/** The name of a model: base name, without extension and without the number of a part. */
export const partlessName = (path: string): string =>
  baseName(path)
    .replace(PART, '$1')
    .replace(/\.gguf$/i, '');

/**
 * Opens the second and all further parts of a split file; none where the file is whole.
 * @throws RealizarError `missing-file` | `bad-value` | `duplicate-name` where the parts are not of one model
 */
export async function openParts(first: GgufFile, openSibling: OpenSibling | undefined): Promise<GgufFile[]> {
  const count = partCount(first);
  if (count === 1) return [];
  const names = siblingNames(first, count);
  if (openSibling === undefined) throw missing(first, names[0]!);

  const parts: GgufFile[] = [];
  try {
    for (const name of names) {
      const source = await openSibling(name).catch((cause: unknown) => {
        throw isAbsent(cause) ? missing(first, name, cause) : cause;
      });
      try {
        parts.push({ source, header: await readHeader(source) });
      } catch (error) {
        await source.close();
        throw error;
      }
    }
    checkParts([first, ...parts]);
    return parts;
  } catch (error) {
    await Promise.all(parts.map(({ source }) => source.close()));
    throw error;
  }
}

/** @throws RealizarError `bad-value` where the file is a later part, or its name and its metadata disagree */
function partCount({ source, header }: GgufFile): number {
  const count = optionalInteger(header.metadata, 'split.count', 0, MAX_SPLIT_PARTS) ?? 1;
  if (count <= 1) return 1;
  const number = requireInteger(header.metadata, 'split.no', 0, count - 1);
  if (number !== 0)
    throw bad(
      source,
      'split.no',
      `this is part ${number + 1} of ${count}: open the first one, which ends in -00001-of-${fiveDigits(count)}.gguf`,
    );
  return count;
}

function siblingNames({ source }: GgufFile, count: number): string[] {
  const [, stem, number, total] = PART.exec(baseName(source.name)) ?? [];
  if (number !== '00001' || Number(total) !== count) {
    throw bad(
      source,
      'split.count',
      `the first of ${count} parts has to be named like model-00001-of-${fiveDigits(count)}.gguf, as llama.cpp names them`,
    );
  }
  return Array.from({ length: count - 1 }, (_, i) => `${stem}-${fiveDigits(i + 2)}-of-${total}.gguf`);
}

function checkParts(parts: readonly GgufFile[]): void {
  const names = new Set<string>();
  const [first] = parts as [GgufFile];
  parts.forEach(({ source, header }, i) => {
    const number = requireInteger(header.metadata, 'split.no', 0, MAX_SPLIT_PARTS);
    const count = requireInteger(header.metadata, 'split.count', 0, MAX_SPLIT_PARTS);
    if (number !== i || count !== parts.length)
      throw bad(
        source,
        'split.no',
        `it says part ${number + 1} of ${count}, and is opened as ${i + 1} of ${parts.length}`,
      );
    checkSameModel(first.header, header, source);
    for (const { name } of header.tensors) {
      if (names.has(name))
        throw new RealizarError(
          'duplicate-name',
          `${source.name}: ${brief(name)} is also in another part: the parts are not of one model`,
          { field: name },
        );
      names.add(name);
    }
  });
  const stated = requireInteger(first.header.metadata, 'split.tensors.count', 0, MAX_TENSORS);
  if (stated !== names.size)
    throw bad(
      first.source,
      'split.tensors.count',
      `${stated} tensors are stated and the parts have ${names.size}: they are not of one model`,
    );
}

/** Later parts need not repeat the metadata; what they repeat has to be the same. */
function checkSameModel(first: GgufHeader, header: GgufHeader, source: ByteSource): void {
  for (const key of ['general.architecture', 'general.name', 'split.tensors.count']) {
    const value = header.metadata.get(key);
    if (value !== undefined && value !== first.metadata.get(key))
      throw bad(source, key, 'it differs from the first part: the parts are not of one model');
  }
}

const fiveDigits = (n: number) => String(n).padStart(5, '0');
const isAbsent = (error: unknown) => error instanceof RealizarError && error.code === 'file-not-found';

const bad = (source: ByteSource, field: string, reason: string) =>
  new RealizarError('bad-value', `${source.name}: ${field}: ${reason}`, { field });

const missing = (first: GgufFile, name: string, cause?: unknown) =>
  new RealizarError(
    'missing-file',
    `${first.source.name} is the first part of a split model, and ${name} is not beside it`,
    { field: name, cause },
  );
