import { encodeTensor } from '../../../dtype/index.ts';
import { best } from '../../reference/kernels/best.ts';
import { mergeBest } from './best-merge.ts';
import { Product } from './product.ts';
import type { Trial } from './trial.ts';
import type { Tuning } from './tuning.ts';

const ROWS = 300;
const LIMIT = 290;
const INPUTS = 64;

/** The kernel by which the largest of some logits is not the host's, of equals the first; or undefined. */
export async function wrongBest(trial: Trial, tuning: Tuning): Promise<string | undefined> {
  // Every row is there three times, one of them behind the limit.
  const values = Float32Array.from({ length: ROWS * INPUTS }, (_, i) => Math.sin(((i % (100 * INPUTS)) + 1) ** 2));
  const weight = await trial.upload('f32', [ROWS, INPUTS], encodeTensor('f32', values));
  const product = new Product(trial.gpu, tuning, { matrices: [weight], form: 'store', bestLimit: LIMIT });
  for (const tokens of [1, 3]) {
    const x = trial.holding(Float32Array.from({ length: tokens * INPUTS }, (_, i) => Math.cos(0.7 * i * i)));
    const logits = trial.numbers([tokens, ROWS]);
    const found = trial.numbers([tokens, 2]);
    const actual = await trial.run(found, () => {
      const parts = product.run(x, tokens, logits.buffer);
      if (parts) mergeBest(trial.gpu, logits, parts, found);
    });
    const all = await trial.run(logits);
    const wanted = all && best(all, ROWS, 1, LIMIT);
    if (!actual || !wanted?.every((value, i) => value === actual[i])) return 'matvec with its search, or best-merge,';
  }
  return undefined;
}
