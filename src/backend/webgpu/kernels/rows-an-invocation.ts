import type { RowOrder } from './row-order.ts';
import type { Tuning } from './tuning.ts';

const MAX_WORKGROUPS = 65535;

/** Rows that an invocation of matvec takes: as many as leave every part of the device its work. */
export function rowsAnInvocation(
  { workgroup, wantedWorkgroups, maxRows }: Tuning,
  { lanes }: RowOrder,
  rows: number,
): number {
  const workgroups = (count: number) => Math.ceil(rows / ((workgroup / lanes) * count));
  let count = 1;
  while ((count < maxRows && workgroups(2 * count) >= wantedWorkgroups) || workgroups(count) > MAX_WORKGROUPS)
    count *= 2;
  return count;
}
