import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../cache-folder.node.ts';
import type { TuningStore } from './tuning-store.ts';

/** A hundred models on ten devices; a larger file is not ours. */
const MAX_BYTES = 4 * 2 ** 20;
/** The oldest make room: drivers and shaders change, and nobody asks for what was chosen before. */
const MAX_ENTRIES = 2000;

type Entries = Readonly<Record<string, unknown>>;

/** Choices in a JSON file. Of processes that write at once, the last wins; what they read is always whole. */
export function tuningFile(path: string = join(cacheFolder(), 'gpu-tuning.json')): TuningStore {
  return {
    async get(key) {
      const entries = await entriesOf(path);
      return Object.hasOwn(entries, key) ? entries[key] : undefined;
    },
    async put(added) {
      const kept = Object.entries(await entriesOf(path)).filter(([key]) => !added.has(key));
      const all = [...kept, ...added].slice(-MAX_ENTRIES);
      const draft = `${path}.${randomUUID()}`;
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(draft, JSON.stringify(Object.fromEntries(all), undefined, 1));
        await rename(draft, path);
      } catch {
        await rm(draft, { force: true }).catch(() => {});
      }
    },
  };
}

async function entriesOf(path: string): Promise<Entries> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) return {};
    const entries: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof entries === 'object' && entries !== null && !Array.isArray(entries) ? (entries as Entries) : {};
  } catch {
    return {};
  }
}
