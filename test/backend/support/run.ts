import type { Backend, Linear } from '../../../src/backend/backend.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { idsOnly, upTo } from './batches.ts';
import type { OracleLinear } from './oracle.ts';
import { floatWeight } from './random.ts';

/** One row that no result should depend on: what memory holds that an op was given and has not written yet. */
const GARBAGE_WIDTH = 2048;
const garbage = floatWeight([1, GARBAGE_WIDTH], new Float32Array(GARBAGE_WIDTH).fill(Number.NaN));
const manyRows = idsOnly(upTo(64).map(() => 0));
const uploadedGarbage = new WeakMap<Backend, Promise<Tensor>>();

/** Runs `body` on memory that another scope has left full of NaN, and reads the tensor that it returns. */
export async function runOnGarbage(backend: Backend, body: () => Tensor): Promise<Float32Array> {
  const uploaded = uploadedGarbage.get(backend) ?? backend.upload(garbage.source);
  uploadedGarbage.set(backend, uploaded);
  const nan = await uploaded;
  await backend.scope(() => {
    backend.embed(nan, manyRows);
    return backend.read(backend.embed(nan, idsOnly([0])));
  });
  return await backend.scope(() => backend.read(body()));
}

export const uploadLinear = async (backend: Backend, { weight, bias }: OracleLinear): Promise<Linear> => ({
  weight: await backend.upload(weight.source),
  bias: bias && (await backend.upload(bias.source)),
});

/** The rows `ids` of an uploaded f32 table: how tests bring activations into a backend. */
export const rowsFrom = (backend: Backend, table: Tensor, ids: readonly number[]): Tensor =>
  backend.embed(table, idsOnly(ids));
