import type { DeviceFacts } from '../device-facts.ts';
import { areQuantised } from '../kernels/product.ts';
import { rowOrder } from '../kernels/row-order.ts';
import { rowsAnInvocation } from '../kernels/rows-an-invocation.ts';
import type { Tuning } from '../kernels/tuning.ts';
import type { ProductKind } from './product-kinds.ts';

/** How a kernel's work is cut: sizes by name. None of them changes a bit of the results. */
export type Cut = Readonly<Record<string, number>>;

/** The cuts that one kernel has for one kind of product. */
export interface CutSpace {
  readonly kernel: 'matvec' | 'matmul';
  /** Rows of activations that it is timed with. */
  readonly tokens: number;
  /** What the table of `tuning.ts` comes to. */
  readonly usual: Cut;
  /** What is tried of each size, while the others stay at the best so far. */
  readonly sizes: Readonly<Record<string, readonly number[]>>;
  /** Whether a device has room for it. */
  readonly isPossible: (cut: Cut) => boolean;
  readonly tuning: (cut: Cut) => Partial<Tuning>;
  readonly describe: (cut: Cut) => string;
}

/** Enough to fill two tiles; a slow GPU still has them in a few milliseconds. */
const TILED_TOKENS = 128;
/** What devices have at least; more would keep other workgroups from running beside. */
const WORKGROUP_MEMORY = 16384;
/** Sums of a tile's side are this many times those of an invocation. */
const TILE_SIDE = 16;

/** For one row of activations, which a decode step has. */
export function vectorCuts(tuning: Tuning, facts: DeviceFacts, { products: [product] }: ProductKind): CutSpace {
  const { form, matrices } = product!;
  const order = rowOrder(matrices[0]!.shape[1]!);
  const rows = form === 'gated' ? matrices[0]!.shape[0]! : matrices.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const canShuffle = tuning.subgroup >= order.lanes && order.lanes > 1;
  const largest = facts.limits.maxComputeInvocationsPerWorkgroup;
  const sumsARow = (form === 'gated' ? 2 : 1) * (order.lanes + 1);
  return {
    kernel: 'matvec',
    tokens: 1,
    usual: {
      rows: rowsAnInvocation(tuning, order, rows),
      workgroup: tuning.workgroup,
      shuffle: Number(canShuffle),
    },
    sizes: {
      rows: [1, 2, 4],
      workgroup: [64, 128, 256].filter((size) => size <= largest),
      shuffle: canShuffle ? [0, 1] : [0],
    },
    isPossible: ({ rows: count, workgroup, shuffle }) =>
      shuffle === 1 || 4 * sumsARow * count! * (workgroup! / order.lanes) <= WORKGROUP_MEMORY,
    tuning: ({ rows: maxRows, workgroup, shuffle }) => ({
      maxRows: maxRows!,
      wantedWorkgroups: 1,
      workgroup: workgroup!,
      subgroup: shuffle === 1 ? tuning.subgroup : 1,
    }),
    describe: ({ rows: count, workgroup, shuffle }) =>
      `${workgroup} invocations of ${count} ${count === 1 ? 'row' : 'rows'}${shuffle === 1 ? ', shuffled' : ''}`,
  };
}

/** For many rows of activations, which prompts have. */
export function tileCuts(tuning: Tuning, { products: [product] }: ProductKind): CutSpace {
  const { matrices } = product!;
  const isInt8 = tuning.int8 && areQuantised(matrices);
  // Quants, scale and sum of a block, for a unit of blocks at a time; or the floats of a block.
  const bytes = isInt8 ? 40 * rowOrder(matrices[0]!.shape[1]!).unit : 128;
  const [rows, tokens] = tuning.micro;
  return {
    kernel: 'matmul',
    tokens: TILED_TOKENS,
    usual: { rows, tokens },
    // Floats have four partial sums for each sum: more of them would not stay in registers.
    sizes: { rows: isInt8 ? [2, 4, 8] : [2, 4], tokens: [2, 4] },
    isPossible: (cut) => TILE_SIDE * (cut['rows']! + cut['tokens']!) * bytes <= WORKGROUP_MEMORY,
    tuning: (cut) => ({ micro: [cut['rows']!, cut['tokens']!] }),
    describe: (cut) => `tiles of ${TILE_SIDE * cut['rows']!}×${TILE_SIDE * cut['tokens']!}`,
  };
}

/** A cut that somebody kept, if it is one of the space. */
export function cutOf(space: CutSpace, kept: unknown): Cut | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined;
  const cut = kept as Cut;
  const names = Object.keys(space.sizes);
  const isKnown = (name: string) =>
    Object.hasOwn(cut, name) && (space.sizes[name]!.includes(cut[name]!) || cut[name] === space.usual[name]);
  if (Object.keys(cut).length !== names.length || !names.every(isKnown)) return undefined;
  return isSame(cut, space.usual) || space.isPossible(cut) ? cut : undefined;
}

/** `best` and what differs from it in one size only. */
export function neighbours(space: CutSpace, best: Cut, size: string): readonly Cut[] {
  const others = space.sizes[size]!.filter((value) => value !== best[size]).map((value) => ({
    ...best,
    [size]: value,
  }));
  return [best, ...others.filter(space.isPossible)];
}

export const isSame = (a: Cut, b: Cut): boolean => Object.keys(a).every((name) => a[name] === b[name]);
