import type { Backend, Linear } from '../../../src/backend/backend.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { idsOnly, upTo } from './batches.ts';
import type { OracleLinear } from './oracle.ts';
import { floatWeight } from './random.ts';

const GARBAGE_ROWS = 64;
const GARBAGE_WIDTH = 2048;

/** One value that no result should depend on: what memory holds that an op got and has not written yet. */
const garbage = floatWeight([1, GARBAGE_WIDTH], new Float32Array(GARBAGE_WIDTH).fill(Number.NaN));

/** Runs `body` on memory that another scope has left full of NaN, and reads the tensor that it returns. */
export async function runOnGarbage(backend: Backend, body: () => Tensor): Promise<Float32Array> {
  const nan = await backend.upload(garbage.source);
  await backend.scope(() => backend.read(backend.embed(nan, idsOnly(upTo(GARBAGE_ROWS).map(() => 0)))));
  return await backend.scope(() => backend.read(body()));
}

export const uploadLinear = async (backend: Backend, { weight, bias }: OracleLinear): Promise<Linear> => ({
  weight: await backend.upload(weight.source),
  bias: bias && (await backend.upload(bias.source)),
});

/** The rows `ids` of an uploaded f32 table: how tests bring activations into a backend. */
export const rowsFrom = (backend: Backend, table: Tensor, ids: readonly number[]): Tensor =>
  backend.embed(table, idsOnly(ids));
