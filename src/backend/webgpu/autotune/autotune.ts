import { RealizarError } from '../../../errors.ts';
import type { AutotuneMode, TunedKernel } from '../../backend.ts';
import type { DeviceFacts } from '../device-facts.ts';
import type { Tuning } from '../kernels/tuning.ts';
import type { Budget } from './budget.ts';
import { type Cut, cutOf, type CutSpace, isSame, tileCuts, vectorCuts } from './cuts.ts';
import { measure, type TrialBench } from './measure.ts';
import type { ProductKind } from './product-kinds.ts';
import { tuningKey } from './tuning-key.ts';
import type { TuningStore } from './tuning-store.ts';

export interface AutotuneOptions {
  /** `on`: what is not known is measured, unless the device is a program that plays one; `again`: everything, on any device. */
  readonly mode: AutotuneMode;
  readonly facts: DeviceFacts;
  /** The table's. */
  readonly tuning: Tuning;
  readonly bench: TrialBench;
  readonly store: TuningStore | undefined;
  /** The name of a kernel that is wrong with this tuning for weights of the kind's formats, or undefined. */
  readonly wrongKernel: (kind: ProductKind, tuning: Tuning) => Promise<string | undefined>;
  readonly warn: (message: string) => void;
  readonly budget: Budget;
}

export interface Tuned {
  /** By the name of a kind of products. */
  readonly tunings: ReadonlyMap<string, Tuning>;
  readonly kernels: readonly TunedKernel[];
}

interface Choice {
  readonly space: CutSpace;
  readonly cut: Cut;
  readonly origin: TunedKernel['origin'];
  /** Whether it is worth being kept. */
  readonly isNew: boolean;
}

/**
 * How the products of a model are best computed on a device: as was found out earlier, else by trials on its weights, else by the
 * table. The results are the same to the bit.
 *
 * @param kinds what matters most first: time may end before the last
 * @throws RealizarError `device-lost` | `closed`
 */
export async function autotune(kinds: readonly ProductKind[], options: AutotuneOptions): Promise<Tuned> {
  const { facts, tuning: table, store, warn, wrongKernel } = options;
  const tunings = new Map<string, Tuning>();
  const kernels: TunedKernel[] = [];
  const found = new Map<string, Cut>();
  for (const kind of kinds) {
    const spaces = [vectorCuts(table, facts, kind), ...(kind.hasManyRows ? [tileCuts(table, kind)] : [])];
    let choices: Choice[] = [];
    for (const space of spaces) choices.push(await choose(kind, space, options));
    let tuning = table;
    for (const { space, cut } of choices) if (!isSame(cut, space.usual)) tuning = { ...tuning, ...space.tuning(cut) };
    const wrong = tuning === table ? undefined : await wrongKernel(kind, tuning);
    if (wrong !== undefined) {
      const described = choices.map(({ space, cut }) => `${space.kernel}, ${space.describe(cut)}`).join('; ');
      warn(`${wrong} gives wrong results for ${kind.name} (${described}): the usual kernels take its place`);
      choices = spaces.map(usualOf);
    } else if (tuning !== table) {
      tunings.set(kind.name, tuning);
    }
    for (const { space, cut, origin, isNew } of choices) {
      if (isNew) found.set(tuningKey(facts, table, kind, space), cut);
      kernels.push({ product: kind.name, kernel: `${space.kernel}, ${space.describe(cut)}`, origin });
    }
  }
  if (found.size > 0) await store?.put(found);
  return { tunings, kernels };
}

async function choose(
  kind: ProductKind,
  space: CutSpace,
  { mode, facts, tuning, bench, store, budget, warn }: AutotuneOptions,
): Promise<Choice> {
  if (mode === 'off' || (mode === 'on' && facts.isFallback)) return usualOf(space);
  const key = tuningKey(facts, tuning, kind, space);
  const kept = mode === 'on' ? cutOf(space, await store?.get(key)) : undefined;
  if (kept) return { space, cut: kept, origin: 'cache', isNew: false };
  if (budget.isSpent) return usualOf(space);
  try {
    const measured = await measure(bench, kind, space, tuning, budget, warn);
    if (measured) return { space, cut: measured.cut, origin: 'measured', isNew: measured.isWhole };
  } catch (reason) {
    if (reason instanceof RealizarError && (reason.code === 'device-lost' || reason.code === 'closed')) throw reason;
    // Whatever it is: a model runs without being tuned.
    warn(`${space.kernel} for ${kind.name} cannot be timed and stays as usual: ${(reason as Error).message}`);
  }
  return usualOf(space);
}

const usualOf = (space: CutSpace): Choice => ({ space, cut: space.usual, origin: 'table', isNew: false });
