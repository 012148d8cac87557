import type { OpenedDevice } from '../device.ts';
import { Product } from '../kernels/product.ts';
import { Trial } from '../kernels/trial.ts';
import type { Tuning } from '../kernels/tuning.ts';
import type { Contender, TrialBench } from './measure.ts';
import type { ProductKind } from './product-kinds.ts';
import { type Stopwatch, stopwatchFor } from './stopwatch.ts';

/** Trials on a device. */
export function trialBench(opened: OpenedDevice): TrialBench {
  const stopwatch = stopwatchFor(opened.facts.features);
  return {
    get sampleMs() {
      return stopwatch.sampleMs;
    },
    start: (kind, tuning, tokens) => contender(opened, stopwatch, kind, tuning, tokens),
  };
}

async function contender(
  opened: OpenedDevice,
  stopwatch: Stopwatch,
  kind: ProductKind,
  tuning: Tuning,
  tokens: number,
): Promise<Contender | undefined> {
  const trial = new Trial(opened);
  const { gpu } = trial;
  let isGood = false;
  try {
    const products = kind.products.map((spec) => new Product(gpu, tuning, spec));
    const inputs = kind.products[0]!.matrices[0]!.shape[1]!;
    const x = trial.holding(sampleActivations(tokens * inputs));
    const y = trial.numbers([tokens, products[0]!.outputs]);
    let layer = 0;
    // One layer after another: what was read just now lies in the device's caches.
    const record = (repeats: number) => {
      for (let i = 0; i < repeats; i++) {
        gpu.activations.open();
        products[layer++ % products.length]!.run(x, tokens, y.buffer);
        gpu.activations.close();
      }
    };
    const values = await trial.run(y, () => record(1));
    if (!values) return undefined;
    isGood = true;
    return {
      bits: new Uint32Array(values.buffer),
      time: (repeats) => stopwatch.time(gpu, () => record(repeats)),
      end: () => trial.end(),
    };
  } finally {
    if (!isGood) trial.end();
  }
}

/** A prime: neighbouring rows differ. */
const PERIOD = 8191;
const period = Float32Array.from({ length: PERIOD }, (_, i) => Math.cos(0.7 * i ** 2));

const sampleActivations = (count: number): Float32Array<ArrayBuffer> => {
  const x = new Float32Array(count);
  for (let at = 0; at < count; at += PERIOD) x.set(period.subarray(0, Math.min(PERIOD, count - at)), at);
  return x;
};
