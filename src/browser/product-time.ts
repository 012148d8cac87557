import type { Backend, Batch, WeightSource } from '../backend/backend.ts';

// The shape of a small model's feed-forward: large enough for a GPU to be worth its detours, small enough to take milliseconds.
const ROWS = 1536;
const COLUMNS = 576;

/** Products before the measured ones: kernels are compiled in them. */
const WARM_UP = 2;
const MEASURED = 5;

/** Milliseconds of one matrix product of one token, there and back; the best of several. */
export async function productTime(backend: Backend): Promise<number> {
  const weight = await backend.upload(zeros('weight', ROWS, COLUMNS));
  const input = await backend.upload(zeros('input', 1, COLUMNS));
  const output = await backend.upload(zeros('output', 1, ROWS));
  let best = Infinity;
  for (let i = 0; i < WARM_UP + MEASURED; i++) {
    const start = performance.now();
    await backend.scope(() => {
      const y = backend.embed(output, firstRow);
      backend.addLinear(y, backend.embed(input, firstRow), { weight });
      return backend.read(y);
    });
    if (i >= WARM_UP) best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** How long a product takes does not depend on its numbers. */
function zeros(name: string, rows: number, columns: number): WeightSource {
  const bytes = new Uint8Array(rows * columns * 2);
  return {
    name,
    dtype: 'f16',
    shape: [rows, columns],
    byteLength: bytes.byteLength,
    read: async (start, end, into) => into?.fill(0) ?? bytes.subarray(start, end),
  };
}

/** One sequence's first token, of id 0. */
export const firstRow: Batch = {
  tokenIds: Int32Array.of(0),
  positions: Int32Array.of(0),
  slotMapping: Int32Array.of(0),
  sequenceOf: Int32Array.of(0),
  blockTable: Int32Array.of(0),
  blocksPerSequence: 1,
  blockSize: 1,
  outputRows: Int32Array.of(0),
};
