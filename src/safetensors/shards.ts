import { brief } from '../checkpoint/brief.ts';
import { isObject, parseJsonObject } from '../checkpoint/json.ts';
import { RealizarError } from '../errors.ts';
import { companionLimits, MAX_INDEXED_TENSORS, MAX_SETTINGS_DEPTH, MAX_SHARDS } from './limits.ts';

export const INDEX_NAME = 'model.safetensors.index.json';

/** A file in the same folder: nothing that leads elsewhere, on any system. */
const SHARD = /^[^/\\:\p{Cc}]+\.safetensors$/u;

/**
 * Reads `model.safetensors.index.json`: which shard holds which tensor.
 *
 * @param name the file, for messages
 * @returns tensor name → file name, of files in the index's own folder
 * @throws RealizarError `bad-json` | `bad-value` | `limit-exceeded` | `duplicate-name`
 */
export function parseShardIndex(bytes: Uint8Array, name: string): Map<string, string> {
  const limits = {
    name,
    maxBytes: companionLimits.get(INDEX_NAME)!,
    maxDepth: MAX_SETTINGS_DEPTH,
    maxValues: 2 * MAX_INDEXED_TENSORS,
    maxKeys: MAX_INDEXED_TENSORS,
  };
  const map = parseJsonObject(bytes, limits)['weight_map'];
  if (!isObject(map)) throw bad(name, 'weight_map', 'it has to be an object');
  const entries = Object.entries(map);
  const shards = new Map(
    entries.map(([tensor, file]) => {
      if (typeof file !== 'string' || !SHARD.test(file) || file.startsWith('..'))
        throw bad(
          name,
          `weight_map.${brief(tensor)}`,
          'it has to be the name of a .safetensors file in the same folder',
        );
      return [tensor, file];
    }),
  );
  const files = new Set(shards.values()).size;
  if (files === 0 || files > MAX_SHARDS)
    throw bad(name, 'weight_map', `it names ${files} files, and 1 to ${MAX_SHARDS} are possible`);
  return shards;
}

const bad = (name: string, field: string, reason: string) =>
  new RealizarError('bad-value', `${name}: ${field}: ${reason}`, { field });
