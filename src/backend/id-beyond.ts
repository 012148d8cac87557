import type { Batch } from './backend.ts';

/** The first id that the host knows and that is no row of a table of `rows`; undefined: there is none. */
export function idBeyond(rows: number, { tokenIds, chosen }: Batch): number | undefined {
  for (let t = 0; t < tokenIds.length; t++) {
    const id = tokenIds[t]!;
    if (!(chosen && chosen.rows[t]! >= 0) && (id < 0 || id >= rows)) return id;
  }
  return undefined;
}
