import type { Rope } from '../backend.ts';
import type { Recorder } from './recorder.ts';

/** cos and sin of a batch's positions, where commands read them. */
export interface RopeTable {
  /** `RopeTable` of assembly/lib/structs.ts. */
  readonly pointer: number;
  readonly rope: Rope;
  /** Pointers to f32 [tokens, dimensions / 2] */
  readonly cos: number;
  readonly sin: number;
}

export function ropeTable(recorder: Recorder, rope: Rope, positions: Int32Array): RopeTable {
  const bytes = positions.length * rope.dimensions * 2;
  const [cos, sin] = [recorder.constants.allocate(bytes), recorder.constants.allocate(bytes)];
  const pointer = recorder.constantWords([cos, sin, rope.dimensions, rope.pairing === 'interleaved' ? 1 : 0]);
  const table = { pointer, rope, cos, sin };
  writeRopeTable(recorder, table, positions);
  return table;
}

/** Angles in float64: at position 100,000 a float32 angle is off by 0.004. */
export function writeRopeTable(recorder: Recorder, { rope, cos, sin }: RopeTable, positions: Int32Array): void {
  const { f32 } = recorder.memory;
  const pairs = rope.dimensions / 2;
  let at = 0;
  for (const position of positions) {
    for (let i = 0; i < pairs; i++, at++) {
      const angle = position * rope.frequencies[i]!;
      f32[cos / 4 + at] = Math.cos(angle) * rope.magnitude;
      f32[sin / 4 + at] = Math.sin(angle) * rope.magnitude;
    }
  }
}
