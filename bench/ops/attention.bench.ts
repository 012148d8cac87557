// Attention over the paged cache: the speed of its arithmetic, with keys and values from cache (one layer again and again)
// and from memory (many layers in turn), for a decoded token and for the chunk of a prompt.
//
//   node bench/ops/attention.bench.ts [--threads 1] [--cache-types f32,f16,q8_0]
import { parseArgs } from 'node:util';
import type { AttentionOptions, Batch, KvDType, KvLayer } from '../../src/backend/backend.ts';
import { createWasmBackend } from '../../src/backend/wasm/wasm-backend.ts';
import { Random, randomNorm, randomWeight } from '../../test/backend/support/random.ts';
import { rowsFrom } from '../../test/backend/support/run.ts';

const BLOCK_SIZE = 32;
const HIDDEN = 64;
const HEAD_DIM = 64;
const MANY_LAYERS = 22;
const REPETITIONS = 20;

const { values } = parseArgs({
  options: { threads: { type: 'string', default: '1' }, 'cache-types': { type: 'string', default: 'f32' } },
});

const backend = await createWasmBackend({ threads: Number(values.threads), wideVectors: true });
const random = new Random('attention bench');
const states = await backend.upload(randomWeight(random, 'f32', [64, HIDDEN]).source);
console.log(`${backend.info.mode}, ${backend.info.threads} threads, heads of ${HEAD_DIM}`);
console.log(
  '| cache | heads | rows | context | layers | us a layer | GMAC/s | GB/s |\n|---|---|---|---|---|---|---|---|',
);
for (const dtype of values['cache-types'].split(',') as KvDType[])
  for (const [numHeads, numKvHeads] of [
    [32, 4],
    [9, 3],
  ] as const)
    for (const context of [128, 1024])
      for (const rows of [1, 64])
        for (const layers of [1, MANY_LAYERS]) await measure(dtype, numHeads, numKvHeads, context, rows, layers);
await backend.dispose();

async function measure(
  dtype: KvDType,
  numHeads: number,
  numKvHeads: number,
  context: number,
  rows: number,
  numLayers: number,
): Promise<void> {
  const upload = async (heads: number) => ({
    weight: await backend.upload(randomWeight(random, 'f32', [heads * HEAD_DIM, HIDDEN]).source),
  });
  const weights = {
    norm: await backend.upload(randomNorm(random, HIDDEN).source),
    query: await upload(numHeads),
    key: await upload(numKvHeads),
    value: await upload(numKvHeads),
  };
  const frequencies = Float64Array.from({ length: HEAD_DIM / 2 }, (_, i) => 10000 ** ((-2 * i) / HEAD_DIM));
  const options: AttentionOptions = {
    numHeads,
    numKvHeads,
    headDim: HEAD_DIM,
    scale: HEAD_DIM ** -0.5,
    normEps: 1e-5,
    rope: { pairing: 'half', dimensions: HEAD_DIM, frequencies, magnitude: 1 },
  };
  const shape = { numLayers, numKvHeads, headDim: HEAD_DIM, numBlocks: context / BLOCK_SIZE, blockSize: BLOCK_SIZE };
  const caches = backend.createKvCache({ ...shape, dtype });
  const step = (cache: KvLayer, batch: Batch): Promise<Float32Array> =>
    backend.scope(() => {
      const x = rowsFrom(backend, states, [...batch.tokenIds]);
      const q = backend.attentionInputs(x, weights, cache, batch, options);
      return backend.read(backend.attention(q, cache, batch, options));
    });
  for (const cache of caches) for (let at = 0; at < context; at += 64) await step(cache, batchOf(at, 64, context));

  const batch = batchOf(context - rows, rows, context);
  const microseconds: number[] = [];
  for (let round = 0; round < REPETITIONS; round++) {
    await backend.profile!();
    for (const cache of caches) await step(cache, batch);
    const attention = (await backend.profile!()).find(({ op }) => op === 'attention')!;
    microseconds.push((1000 * (attention.milliseconds + attention.waitingMilliseconds)) / attention.calls);
  }
  const quartile = microseconds.toSorted((a, b) => a - b)[REPETITIONS >> 2]!; // a thread that wakes late may find nothing left to do
  const macs = 2 * numHeads * HEAD_DIM * rows * (context - rows / 2 + 0.5);
  const bytes = 2 * 4 * numKvHeads * HEAD_DIM * context;
  const cells = [dtype, `${numHeads}/${numKvHeads}`, rows, context, numLayers, quartile.toFixed(0)];
  console.log(`| ${[...cells, (macs / quartile / 1e3).toFixed(1), (bytes / quartile / 1e3).toFixed(1)].join(' | ')} |`);
}

function batchOf(from: number, rows: number, context: number): Batch {
  const positions = Int32Array.from({ length: rows }, (_, i) => from + i);
  return {
    tokenIds: positions.map((p) => p % 64),
    positions,
    slotMapping: positions,
    sequenceOf: new Int32Array(rows),
    blockTable: Int32Array.from({ length: context / BLOCK_SIZE }, (_, i) => i),
    blocksPerSequence: context / BLOCK_SIZE,
    blockSize: BLOCK_SIZE,
    outputRows: new Int32Array(0),
  };
}
