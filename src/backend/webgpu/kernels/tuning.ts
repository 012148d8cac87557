import type { DeviceFacts } from '../device-facts.ts';

/** How kernels are cut for a device. None of it changes a result's bits, except `int8`. */
export interface Tuning {
  /** Quantised weights meet activations of 8 bits, by `dot4I8Packed`; otherwise f32. */
  readonly int8: boolean;
  /** Invocations of a workgroup of matvec. */
  readonly workgroup: number;
  /** Workgroups that a matrix should at least be cut into, before an invocation takes several rows. */
  readonly wantedWorkgroups: number;
  /** Rows of matvec that an invocation takes at most. */
  readonly maxRows: number;
  /** Lanes are added by shuffles where a row's lanes fit into a subgroup of this size; 1: never. */
  readonly subgroup: number;
  /** Up to so many rows are multiplied as vectors; for more, tiles of weights and activations meet. */
  readonly maxVectors: number;
  /** Sums of an invocation of matmul, by rows and tokens. */
  readonly micro: readonly [rows: number, tokens: number];
  /** Chunks of positions that a workgroup of attention-decode takes at once, at most. */
  readonly teams: number;
  /** Rows of a tile of attention-prefill are four times as many, at most. */
  readonly attentionParts: number;
  /** Positions of a row are split over several workgroups when there are fewer than so many. */
  readonly attentionWorkgroups: number;
}

const discrete: Tuning = {
  int8: true,
  workgroup: 128,
  wantedWorkgroups: 512,
  maxRows: 4,
  subgroup: 1,
  maxVectors: 16,
  micro: [4, 4],
  teams: 4,
  attentionParts: 8,
  attentionWorkgroups: 256,
};

const integrated: Tuning = { ...discrete, wantedWorkgroups: 128, attentionWorkgroups: 64 };

// A CPU in disguise: compiling and starting a workgroup cost more than what it computes.
const software: Tuning = {
  ...discrete,
  workgroup: 64,
  maxRows: 1,
  maxVectors: 128,
  micro: [2, 2],
  teams: 1,
  attentionParts: 2,
  attentionWorkgroups: 4,
};

const vendors: Readonly<Record<string, Tuning>> = {
  nvidia: discrete,
  amd: discrete,
  intel: integrated,
  // Metal has no dot of bytes, and what stands in for it is slower than floats.
  apple: { ...integrated, int8: false },
  qualcomm: { ...integrated, int8: false },
  arm: { ...integrated, int8: false },
};

/** What is likely to be good, before anything was measured. */
export function tuningOf(facts: DeviceFacts): Tuning {
  const table = facts.isFallback ? software : (vendors[facts.vendor] ?? { ...integrated, int8: false });
  const sizeIsKnown = facts.subgroupMinSize === facts.subgroupMaxSize;
  return {
    ...table,
    int8: table.int8 && facts.hasDot4,
    subgroup: facts.features.has('subgroups') && sizeIsKnown ? facts.subgroupMinSize : 1,
  };
}
