// out = silu(x Wgateᵀ) ⊙ x Wupᵀ. A chunk is the same groups of 8 rows of both weights, for all tokens.
import { GatedLinearArguments } from './lib/structs';
import { linear_groups } from './linear';
import { siluMultiply } from './silu';

export function gatedLinear(args: usize, chunk: i32, thread: i32): void {
  const a = changetype<GatedLinearArguments>(args);
  const first = chunk * a.groupsPerChunk;
  const groups = min<i32>(a.groupsPerChunk, ((a.rows + 7) >> 3) - first);
  const gateInput = a.gatePrepared + <usize>thread * a.gatePreparedThreadBytes;
  const upInput = a.upPrepared + <usize>thread * a.upPreparedThreadBytes;
  linear_groups(a.gateLayout, a.gateWeight, a.rows, a.columns, first, groups, gateInput, a.tokens, a.out, a.rows, a.gateBias, 0);
  linear_groups(a.upLayout, a.upWeight, a.rows, a.columns, first, groups, upInput, a.tokens, a.up, a.rows, a.upBias, 0);

  const count = min<i32>(groups << 3, a.rows - (first << 3));
  for (let token = 0; token < a.tokens; token++) {
    const at = <usize>(token * a.rows + (first << 3)) << 2;
    siluMultiply(a.out + at, a.up + at, count);
  }
}
