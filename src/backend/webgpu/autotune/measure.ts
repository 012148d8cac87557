import { sameItems } from '../../../tensor/same-items.ts';
import type { Tuning } from '../kernels/tuning.ts';
import type { Budget } from './budget.ts';
import { type Cut, type CutSpace, isSame, neighbours } from './cuts.ts';
import { fastest } from './fastest.ts';
import type { ProductKind } from './product-kinds.ts';

/** A cut at work on a model's own weights. */
export interface Contender {
  /** Bits of one product. */
  readonly bits: Uint32Array;
  /** Milliseconds of so many products, one of each layer after another. */
  readonly time: (count: number) => Promise<number>;
  readonly end: () => void;
}

/** Where trials take place. */
export interface TrialBench {
  /** What is timed should take at least so many milliseconds to be told apart. */
  readonly sampleMs: number;
  /**
   * Compiles the kernels that a tuning has for a kind of product, and runs them once.
   * @returns undefined for kernels that the device refuses
   * @throws RealizarError `device-lost` | `closed`
   */
  start(kind: ProductKind, tuning: Tuning, tokens: number): Promise<Contender | undefined>;
}

export interface Measured {
  readonly cut: Cut;
  /** Whether nothing was left out for lack of time. */
  readonly isWhole: boolean;
}

/** More would fill the memory of a submit. */
const MAX_REPEATS = 512;

/**
 * The fastest cut of a kernel for a kind of product, one size after another. Cuts that do not give the bits of the usual one are
 * dropped with a warning.
 *
 * @param tuning the table's
 * @returns undefined where nothing could be measured
 */
export async function measure(
  bench: TrialBench,
  kind: ProductKind,
  space: CutSpace,
  tuning: Tuning,
  budget: Budget,
  warn: (message: string) => void,
): Promise<Measured | undefined> {
  const contenders: { readonly cut: Cut; readonly contender: Contender | undefined }[] = [];
  const known = (cut: Cut) => contenders.find((each) => isSame(each.cut, cut));
  const start = async (cut: Cut) => {
    budget.spendTrial();
    const isUsual = isSame(cut, space.usual);
    const changed = isUsual ? tuning : { ...tuning, ...space.tuning(cut) };
    const contender = await bench.start(kind, changed, space.tokens);
    contenders.push({ cut, contender });
    return contender;
  };
  const timed = async (contender: Contender, count: number) => {
    const milliseconds = await contender.time(count);
    budget.spend(milliseconds);
    return milliseconds;
  };
  const flawOf = (contender: Contender | undefined, usual: Contender) => {
    if (!contender) return 'does not run';
    return sameItems(contender.bits, usual.bits) ? undefined : 'gives other results';
  };
  try {
    const usual = await start(space.usual);
    if (!usual) return undefined;
    const repeats = await repeatsFor(bench.sampleMs, (count) => timed(usual, count));
    let best = space.usual;
    for (const size of Object.keys(space.sizes)) {
      const candidates: Cut[] = [];
      for (const cut of neighbours(space, best, size)) {
        if (budget.isSpent) return { cut: best, isWhole: false };
        const earlier = known(cut);
        const flaw = flawOf(earlier ? earlier.contender : await start(cut), usual);
        if (flaw === undefined) candidates.push(cut);
        else if (!earlier) warn(`${space.kernel}, ${space.describe(cut)}, ${flaw} for ${kind.name} and is left out`);
      }
      const time = (cut: Cut) => timed(known(cut)!.contender!, repeats);
      best = await fastest(candidates, time, () => budget.isSpent);
    }
    return { cut: best, isWhole: true };
  } finally {
    for (const { contender } of contenders) contender?.end();
  }
}

/** So many that a sample is long enough; a device that was idle gets up to speed meanwhile. */
async function repeatsFor(sampleMs: number, time: (count: number) => Promise<number>): Promise<number> {
  let count = 1;
  for (;;) {
    const milliseconds = await time(count);
    if (milliseconds >= sampleMs / 2 || count === MAX_REPEATS) return count;
    count = Math.min(MAX_REPEATS, Math.max(2 * count, Math.ceil((count * sampleMs) / milliseconds)));
  }
}
