import type { AutotuneMode, ModelProducts, TunedKernel } from '../../backend.ts';
import type { OpenedDevice } from '../device.ts';
import type { Gpu } from '../gpu.ts';
import type { FastOps } from '../kernels/fast-ops.ts';
import type { SelfCheck } from '../kernels/self-check.ts';
import type { Tuning } from '../kernels/tuning.ts';
import { autotune } from './autotune.ts';
import { Budget, type Limits } from './budget.ts';
import { productKinds, type ProductKind } from './product-kinds.ts';
import { trialBench } from './trial-bench.ts';
import type { TuningStore } from './tuning-store.ts';

export interface TuneOptions {
  /** Default: `on`. */
  readonly mode: AutotuneMode;
  readonly opened: OpenedDevice;
  /** The table's. */
  readonly tuning: Tuning;
  /** Compares what is chosen with the host; undefined: nothing does. */
  readonly check: SelfCheck | undefined;
  readonly store: TuningStore | undefined;
  readonly limits: Limits | undefined;
  readonly warn: (message: string) => void;
}

/**
 * Gives the ops the fastest kernels for a model's products. Formats whose kernels were found to be wrong keep what replaced them.
 * @throws RealizarError `device-lost` | `closed`
 */
export async function tuneProducts(
  gpu: Gpu,
  ops: FastOps,
  model: ModelProducts,
  { opened, check, limits, ...options }: TuneOptions,
): Promise<readonly TunedKernel[]> {
  const kinds = productKinds(gpu, model).filter((kind) => !formatsOf(kind).some((format) => ops.isException(format)));
  const wrongKernel = async (kind: ProductKind, tuning: Tuning) => {
    if (!check) return undefined;
    for (const format of formatsOf(kind)) {
      const wrong = await check.wrongKernel(format, tuning);
      if (wrong !== undefined) return wrong;
    }
    const isOfLogits = !kind.hasManyRows;
    return isOfLogits && !(await check.findsBest(tuning)) ? 'the search for the largest output' : undefined;
  };
  const { tunings, kernels } = await autotune(kinds, {
    ...options,
    facts: opened.facts,
    bench: trialBench(opened),
    budget: new Budget(limits),
    wrongKernel,
  });
  for (const [kind, tuning] of tunings) ops.prefer(kind, tuning);
  return kernels;
}

const formatsOf = ({ products: [product] }: ProductKind) => [...new Set(product!.matrices.map(({ format }) => format))];
