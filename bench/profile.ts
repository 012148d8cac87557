// Where the time of a prompt's chunk and of a decoded token goes, op by op, at chosen contexts.
//
//   node bench/profile.ts MODEL [--threads 1] [--contexts 100,1000] [--tokens 32] [--chunk 64]
//
// Drives the model without the engine: what an engine adds stands in `between runs` only as far as recording goes.
import { parseArgs } from 'node:util';
import type { Batch, OpTime } from '../src/backend/backend.ts';
import { createWasmBackend } from '../src/backend/wasm/wasm-backend.ts';
import { loadModel } from '../src/model/load-model.ts';
import { BLOCK_SIZE } from '../src/model/kv-cache.ts';
import type { Model } from '../src/model/model.ts';
import { openCheckpoint } from '../src/open-checkpoint.node.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    contexts: { type: 'string', default: '100,1000' },
    tokens: { type: 'string', default: '32' },
    chunk: { type: 'string', default: '64' },
  },
});
const tokens = Number(values.tokens);
const chunk = Number(values.chunk);
const contexts = values.contexts.split(',').map(Number);
const blocks = Math.ceil((Math.max(...contexts) + tokens) / BLOCK_SIZE);

const checkpoint = await openCheckpoint(positionals[0]!);
const backend = await createWasmBackend({ threads: Number(values.threads), wideVectors: true });
const model = await loadModel(checkpoint, backend, {
  contextLength: blocks * BLOCK_SIZE,
});
console.log(`${checkpoint.name}, ${backend.info.mode}, ${backend.info.threads} threads`);

await decode(model, 0, 8); // the kernels reach their final tier
let position = 0;
for (const context of contexts) {
  await backend.profile!();
  for (; position < context; position += chunk) {
    const rows = Math.min(chunk, context - position);
    if (position + chunk >= context) await backend.profile!(); // the last chunk counts
    await model.run(batchOf(position, rows, position + rows === context));
  }
  report(`the last chunk of a prompt of ${context}`, await backend.profile!(), 1);
  await decode(model, context, 2);
  await backend.profile!();
  const start = performance.now();
  await decode(model, context, tokens);
  const rate = (1000 * tokens) / (performance.now() - start);
  report(`a token at context ${context} (${rate.toFixed(1)} tok/s)`, await backend.profile!(), tokens);
  position = context;
}
await model.dispose();
await checkpoint.close();

async function decode(of: Model, from: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await of.run(batchOf(from + i, 1, true));
}

/** `rows` rows of one sequence from a position on. */
function batchOf(from: number, rows: number, wantsLogits: boolean): Batch {
  const positions = Int32Array.from({ length: rows }, (_, i) => from + i);
  return {
    tokenIds: positions.map((p) => 300 + ((p * 7919) % 1000)),
    positions,
    slotMapping: positions, // blocks in order
    sequenceOf: new Int32Array(rows),
    blockTable: Int32Array.from({ length: blocks }, (_, i) => i),
    blocksPerSequence: blocks,
    blockSize: BLOCK_SIZE,
    outputRows: wantsLogits ? Int32Array.of(rows - 1) : new Int32Array(0),
  };
}

function report(what: string, times: readonly OpTime[], per: number): void {
  const total = times.reduce((sum, t) => sum + t.milliseconds + t.waitingMilliseconds, 0);
  console.log(
    `\n${what}: ${(total / per).toFixed(2)} ms\n| op | calls | ms | waiting | us a call | share |\n|---|---|---|---|---|---|`,
  );
  for (const { op, calls, milliseconds, waitingMilliseconds } of times) {
    const cells = [
      op,
      calls / per,
      (milliseconds / per).toFixed(3),
      (waitingMilliseconds / per).toFixed(3),
      ((1000 * milliseconds) / calls).toFixed(1),
      `${((100 * (milliseconds + waitingMilliseconds)) / total).toFixed(1)} %`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
