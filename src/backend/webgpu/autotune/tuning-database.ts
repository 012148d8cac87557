import type { TuningStore } from './tuning-store.ts';

const DATABASE = 'realizar';
const CHOICES = 'gpu-tuning';
/** A browser that has not answered by then has trouble of its own. */
const PATIENCE_MS = 1000;

/** Choices in a page's or worker's IndexedDB. Private windows and strict settings refuse it: then nothing is kept. */
export function tuningDatabase(factory: IDBFactory | undefined = globalThis.indexedDB): TuningStore | undefined {
  if (factory === undefined) return undefined;
  return {
    get: (key) => patiently(() => inDatabase(factory, 'readonly', (choices) => choices.get(key))),
    put: async (entries) => {
      await patiently(() =>
        inDatabase(factory, 'readwrite', (choices) => {
          let last: IDBRequest | undefined;
          for (const [key, value] of entries) last = choices.put(value, key);
          return last;
        }),
      );
    },
  };
}

async function inDatabase(
  factory: IDBFactory,
  mode: IDBTransactionMode,
  ask: (choices: IDBObjectStore) => IDBRequest | undefined,
): Promise<unknown> {
  const opening = factory.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(CHOICES);
  const database = await answer(opening);
  try {
    const request = ask(database.transaction(CHOICES, mode).objectStore(CHOICES));
    return request && (await answer(request));
  } finally {
    database.close();
  }
}

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database does not answer'));
  });

/** The result, or undefined where there is none in time. */
async function patiently(task: () => Promise<unknown>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const impatience = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), PATIENCE_MS)));
  try {
    return await Promise.race([task(), impatience]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
