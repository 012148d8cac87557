import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileSource, onDisk } from './checkpoint/byte-source.node.ts';
import type { ByteSource } from './checkpoint/byte-source.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { RealizarError } from './errors.ts';
import { openGguf } from './gguf/open.ts';
import { isGguf } from './gguf/parse.ts';
import { openHfFolderAt } from './safetensors/hf-folder.node.ts';
import { openSafetensors } from './safetensors/open.ts';

const CONFIG = 'config.json';
/** Where a SafeTensors header starts, after its length. */
const HEADER_START = 8;
const OPEN_OBJECT = 0x7b;

/**
 * Opens a model: a GGUF file, the first part of a split one, or the folder of a Hugging Face model (also by its
 * `model.safetensors`).
 *
 * @throws RealizarError `file-not-found` | `unknown-format`, and what the formats' own readers throw
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  if ((await onDisk(path, () => stat(path))).isDirectory()) return openFolder(path);
  const source = await fileSource(path);
  const format = await formatOf(source);
  if (format === 'gguf') return openGguf(source, (name) => fileSource(join(dirname(path), name)));
  if (format === 'safetensors') return openFolderOf(path, source);
  await source.close();
  const hint =
    'a model is a GGUF file, the first part of a split one, or a Hugging Face folder with config.json and .safetensors files';
  throw new RealizarError('unknown-format', `${path} is of no format that is read here: ${hint}`);
}

async function openFolder(path: string): Promise<Checkpoint> {
  const names = await onDisk(path, () => readdir(path));
  if (names.includes(CONFIG)) return openHfFolderAt(path);
  const models = names
    .filter((name) => name.endsWith('.gguf'))
    .sort()
    .slice(0, 5);
  const hint =
    models.length > 0
      ? `name one of the GGUF files in it: ${models.join(', ')}`
      : 'a model folder also holds model.safetensors and a tokenizer';
  throw new RealizarError('unknown-format', `${path} is a folder without config.json; ${hint}`);
}

/** A file whose name states a format is read as that, so that the message says what is wrong with it. */
async function formatOf(source: ByteSource): Promise<Checkpoint['format'] | undefined> {
  const extension = extname(source.name).toLowerCase();
  if (extension === '.gguf') return 'gguf';
  if (extension === '.safetensors') return 'safetensors';
  const start = await source.read(0, Math.min(HEADER_START + 1, source.byteLength));
  if (isGguf(start)) return 'gguf';
  return start[HEADER_START] === OPEN_OBJECT ? 'safetensors' : undefined;
}

/** Weights alone do not say which model they are of; the files beside them do. */
async function openFolderOf(path: string, source: ByteSource): Promise<Checkpoint> {
  await (await openSafetensors(source)).close(); // what is wrong with the file itself is the more useful message
  const folder = dirname(resolve(path));
  const names = await onDisk(folder, () => readdir(folder));
  if (names.includes(CONFIG) && basename(path) === 'model.safetensors') return openHfFolderAt(folder);
  const hint = names.includes(CONFIG)
    ? `open the folder that it is a part of: ${folder}`
    : 'a folder with its config.json and tokenizer is needed';
  throw new RealizarError('unknown-format', `${path} holds weights alone; ${hint}`);
}
