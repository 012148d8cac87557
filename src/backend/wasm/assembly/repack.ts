// Rows of a weight, as they lie in its file, into the packed layout. A chunk is some groups of 8 rows.
import { RepackArguments } from './lib/structs';
import { repack_rows } from './linear';

export function repack(args: usize, chunk: i32): void {
  const a = changetype<RepackArguments>(args);
  const first = chunk * a.groupsPerChunk;
  const groups = min<i32>(a.groupsPerChunk, a.groups - first);
  const source = a.source + <usize>first * 8 * a.sourceRowBytes;
  const outOfRange = repack_rows(
    a.layout, a.dtype, source, a.sourceRowBytes, a.weight, a.rows, a.columns, a.firstGroup + first, groups,
  );
  if (outOfRange) atomic.store<i32>(a.outOfRange, 1);
}
