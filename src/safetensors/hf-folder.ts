import { brief } from '../checkpoint/brief.ts';
import type { ByteSource } from '../checkpoint/byte-source.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { parseJsonObject, type JsonObject } from '../checkpoint/json.ts';
import { RealizarError } from '../errors.ts';
import { metadataFromConfig } from './hf-config.ts';
import { ggufTensorName } from './hf-tensor-names.ts';
import { companionLimits, MAX_SETTINGS_DEPTH, MAX_SETTINGS_VALUES } from './limits.ts';
import { openSafetensors, type SafetensorsFile } from './open.ts';
import { INDEX_NAME, parseShardIndex } from './shards.ts';
import { tensorTable, type StoredTensor } from './tensor-table.ts';

const CONFIG = 'config.json';
const SINGLE_FILE = 'model.safetensors';

/** Reads a small file of the folder; undefined where there is none. */
export type ReadFile = (name: string) => Promise<Uint8Array | undefined>;
/** Opens a large file of the folder. @throws RealizarError `file-not-found` */
export type OpenFile = (name: string) => Promise<ByteSource>;

/**
 * Opens a model in the layout of Hugging Face's transformers: config.json, model.safetensors or its shards with their
 * index, and the tokenizer's files, which are handed on unread as `companions`.
 *
 * @param name of the model: the folder's
 * @throws RealizarError `missing-file` | `bad-json` | `bad-hparam` | `missing-tensor`, and what SafeTensors files may cause
 */
export async function openHfFolder(readFile: ReadFile, openFile: OpenFile, name: string): Promise<Checkpoint> {
  const companions = await readCompanions(readFile, name);
  const configBytes = companions.get(CONFIG);
  if (configBytes === undefined)
    throw missing(name, CONFIG, `${name} has no config.json: it is not the folder of a Hugging Face model`);
  const limits = {
    name: `${name}/${CONFIG}`,
    maxBytes: companionLimits.get(CONFIG)!,
    maxDepth: MAX_SETTINGS_DEPTH,
    maxValues: MAX_SETTINGS_VALUES,
  };
  const config = parseJsonObject(configBytes, limits);
  const metadata = metadataFromConfig(config, limits.name);

  const files = new Map<string, SafetensorsFile>();
  try {
    const stored = await openWeights(files, companions.get(INDEX_NAME), openFile, name);
    const tensors = tensorTable(withHeadSettled(stored, config, name), name);
    return {
      format: 'safetensors',
      name,
      byteLength: [...files.values()].reduce((sum, file) => sum + file.byteLength, 0),
      metadata,
      tensors,
      companions,
      async read(tensor, start, end, into) {
        const place = stored.get(tensor.name);
        if (place === undefined)
          throw new RealizarError('missing-tensor', `${name} has no tensor ${tensor.name}`, { field: tensor.name });
        return place.file.read(place.tensor.name, start, end, into);
      },
      locate({ name: tensorName }) {
        const place = stored.get(tensorName);
        return place?.file.locate(place.tensor.name);
      },
      close: () => closeAll(files),
    };
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

async function readCompanions(readFile: ReadFile, folder: string): Promise<Map<string, Uint8Array>> {
  const companions = new Map<string, Uint8Array>();
  for (const [name, maxBytes] of companionLimits) {
    const bytes = await readFile(name);
    if (bytes === undefined) continue;
    if (bytes.byteLength > maxBytes) {
      throw new RealizarError(
        'limit-exceeded',
        `${folder}/${name} has ${bytes.byteLength} bytes, and at most ${maxBytes} are allowed`,
        { field: name },
      );
    }
    companions.set(name, bytes);
  }
  return companions;
}

/** Opens the one file or every shard into `files`; tensors come under GGUF's names. */
async function openWeights(
  files: Map<string, SafetensorsFile>,
  index: Uint8Array | undefined,
  openFile: OpenFile,
  folder: string,
): Promise<Map<string, StoredTensor>> {
  const single = await ifPresent(openFile(SINGLE_FILE));
  if (single !== undefined) {
    const file = await openSafetensors(single);
    files.set(SINGLE_FILE, file);
    return byGgufName(
      folder,
      [...file.tensors.values()].map((tensor) => ({ file, tensor })),
    );
  }
  if (index === undefined) {
    const message = `${folder} has neither ${SINGLE_FILE} nor ${INDEX_NAME}; other weight formats (.bin, .pt) are not read, convert them to SafeTensors`;
    throw missing(folder, SINGLE_FILE, message);
  }
  const shards = parseShardIndex(index, `${folder}/${INDEX_NAME}`);
  for (const name of new Set(shards.values())) {
    const source = await ifPresent(openFile(name));
    if (source === undefined)
      throw missing(folder, name, `${folder}/${INDEX_NAME} names ${brief(name)}, which is not beside it`);
    files.set(name, await openSafetensors(source));
  }
  return byGgufName(
    folder,
    [...shards].map(([tensorName, fileName]) => {
      const file = files.get(fileName)!;
      const tensor = file.tensors.get(tensorName);
      if (tensor === undefined)
        throw new RealizarError(
          'missing-tensor',
          `${folder}/${fileName} does not hold ${brief(tensorName)}, which the index says it does`,
          { field: tensorName },
        );
      return { file, tensor };
    }),
  );
}

function byGgufName(folder: string, tensors: readonly StoredTensor[]): Map<string, StoredTensor> {
  const byName = new Map(tensors.map((place) => [ggufTensorName(place.tensor.name), place]));
  if (byName.size === tensors.length) return byName;
  throw new RealizarError('duplicate-name', `${folder}: two tensors have the same name in GGUF's vocabulary`);
}

/** No `output.weight` means a head tied to the embedding, in GGUF; here config.json has the last word. */
function withHeadSettled(
  stored: Map<string, StoredTensor>,
  config: JsonObject,
  name: string,
): Map<string, StoredTensor> {
  const tied = config['tie_word_embeddings'];
  if (tied === true) stored.delete('output.weight');
  if (tied === false && !stored.has('output.weight')) {
    throw new RealizarError(
      'missing-tensor',
      `${name} has no lm_head.weight, and config.json says that it is not tied to the embedding`,
      { field: 'lm_head.weight' },
    );
  }
  return stored;
}

async function ifPresent(opening: Promise<ByteSource>): Promise<ByteSource | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof RealizarError && error.code === 'file-not-found') return undefined;
    throw error;
  }
}

const closeAll = async (files: ReadonlyMap<string, SafetensorsFile>) =>
  void (await Promise.all([...files.values()].map((file) => file.close())));

const missing = (folder: string, field: string, message = `${folder} has no ${field}`) =>
  new RealizarError('missing-file', message, { field });
