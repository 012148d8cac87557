import type { Backend, Linear, WeightSource } from '../../src/backend/backend.ts';
import { firstRow } from '../../src/browser/product-time.ts';
import { byteLength, type DType } from '../../src/dtype/index.ts';

export interface ProductResult {
  readonly dtype: DType;
  readonly outputs: number;
  readonly inputs: number;
  readonly microseconds: number;
  readonly gigabytesPerSecond: number;
}

const FEW = 10;
const MANY = 60;
const TRIES = 3;

/**
 * One row of activations times a matrix, over as many matrices as it takes to be larger than caches.
 * @param poolBytes of all matrices together
 */
export async function timeProduct(
  backend: Backend,
  dtype: DType,
  outputs: number,
  inputs: number,
  poolBytes: number,
): Promise<ProductResult> {
  const bytes = byteLength(dtype, [outputs, inputs]);
  const pool: Linear[] = [];
  for (let i = 0; i < Math.max(2, Math.ceil(poolBytes / bytes)); i++) {
    pool.push({ weight: await backend.upload(noise(dtype, [outputs, inputs])) });
  }
  const x = await backend.upload(noise('f32', [1, inputs]));
  const sums = await backend.upload(noise('f32', [1, outputs]));
  const time = async (products: number): Promise<number> => {
    const start = performance.now();
    await backend.scope(() => {
      const input = backend.embed(x, firstRow);
      const sum = backend.embed(sums, firstRow);
      for (let i = 0; i < products; i++) backend.addLinear(sum, input, pool[i % pool.length]!);
      return backend.read(sum);
    });
    return performance.now() - start;
  };
  await time(pool.length);
  let milliseconds = Infinity;
  for (let i = 0; i < TRIES; i++)
    milliseconds = Math.min(milliseconds, ((await time(MANY)) - (await time(FEW))) / (MANY - FEW));
  return { dtype, outputs, inputs, microseconds: 1000 * milliseconds, gigabytesPerSecond: bytes / milliseconds / 1e6 };
}

/** Weights that say nothing: small bytes, which in any format are numbers. */
function noise(dtype: DType, shape: readonly number[]): WeightSource {
  return {
    name: `${dtype} ${shape.join('×')}`,
    dtype,
    shape,
    byteLength: byteLength(dtype, shape),
    async read(start, end, into = new Uint8Array(end - start)) {
      for (let i = 0; i < into.length; i++) into[i] = (i * 37) & 15;
      return into;
    },
  };
}
