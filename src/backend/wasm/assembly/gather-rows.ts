// out[i] = x[rows[i]]. A chunk is one row.
import { GatherRowsArguments } from './lib/structs';

export function gatherRows(args: usize, i: i32): void {
  const a = changetype<GatherRowsArguments>(args);
  const row = load<i32>(a.rows + (<usize>i << 2));
  memory.copy(a.out + <usize>i * a.rowBytes, a.x + <usize>row * a.rowBytes, a.rowBytes);
}
