// gate ← silu(gate) ⊙ up, where silu(a) = a / (1 + e^-a). Shazeer 2020, arXiv:2002.05202.
// Every number for itself: the result cannot depend on how the work is cut.
import { exp4, one4 } from './exp';

// @ts-ignore: decorator
@inline
function silu4(gate: v128, up: v128): v128 {
  return f32x4.div(f32x4.mul(gate, up), f32x4.add(one4(), exp4(f32x4.neg(gate))));
}

/** `count` numbers in place; numbers past the last whole vector go one by one through the same arithmetic. */
export function siluMultiply(gate: usize, up: usize, count: i32): void {
  const end = gate + (<usize>count << 2);
  while (gate + 16 <= end) {
    v128.store(gate, silu4(v128.load(gate), v128.load(up)));
    gate += 16;
    up += 16;
  }
  while (gate < end) {
    f32.store(gate, f32x4.extract_lane(silu4(v128.load32_zero(gate), v128.load32_zero(up)), 0));
    gate += 4;
    up += 4;
  }
}
