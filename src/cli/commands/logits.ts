import { open, readFile } from 'node:fs/promises';
import { RealizarError } from '../../errors.ts';
import { interruptSignal } from '../interrupt.ts';
import { loadWithProgress } from '../loading.ts';
import { loadOptionsOf, type LoadFlags } from '../options.ts';

export interface LogitsFlags extends LoadFlags {
  readonly ids: string;
  readonly output: string;
}

/** `realizar logits`: float32 [ids, vocab], little-endian, written as it is computed. */
export async function logits(model: string, flags: LogitsFlags): Promise<void> {
  const ids = parseIds(await readFile(flags.ids, 'utf8'), flags.ids);
  await using engine = await loadWithProgress(model, {
    ...loadOptionsOf(flags),
    contextLength: flags.context ?? Math.max(ids.length, 1),
  });

  const file = await open(flags.output, 'w');
  try {
    for await (const rows of engine.logits(ids, { signal: interruptSignal() })) {
      await file.writeFile(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
    }
  } finally {
    await file.close();
  }
  console.error(`${ids.length} × ${engine.config.vocabSize} logits in ${flags.output}`);
}

function parseIds(json: string, path: string): number[] {
  let ids: unknown;
  try {
    ids = JSON.parse(json);
  } catch {
    throw new RealizarError(
      'bad-json',
      `${path} is not JSON; it has to hold an array of token ids, such as [1, 2, 3].`,
      { field: path },
    );
  }
  if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => Number.isSafeInteger(id) && id >= 0))
    return ids as number[];
  throw new RealizarError('bad-value', `${path} has to hold an array of at least one token id, such as [1, 2, 3].`, {
    field: path,
  });
}
