import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../src/backend/backend.ts';
import type { WebgpuBackend } from '../../src/backend/webgpu/webgpu-backend.ts';
import { median } from '../../src/cli/median.ts';
import { loadModel } from '../../src/model/load-model.ts';
import type { Model, ModelStep } from '../../src/model/model.ts';
import { openCheckpoint } from '../../src/open-checkpoint.node.ts';
import { writeRandomModel } from '../support/random-model.ts';

/** As many layers as SmolLM2 135M has, and as narrow as can be: recording does not depend on the width. */
const SHAPE = { hidden: 64, layers: 30, heads: 4, kvHeads: 2, intermediate: 128, vocab: 320 };
const CONTEXT_LENGTH = 256;
/** The first are recorded for the first time, by code that is not compiled yet. */
const WARM_UP = 100;

export interface EncodeCost {
  readonly dispatches: number;
  /** Milliseconds that `Model.start` takes: from a batch to its submitted step. */
  readonly milliseconds: number;
}

/** What recording and submitting a token of a model costs that chooses its tokens on the GPU. */
export async function encodeToken(backend: WebgpuBackend): Promise<EncodeCost> {
  const model = await randomModel(backend);
  const times: number[] = [];
  let before: ModelStep | undefined;
  for (let position = 0; position < CONTEXT_LENGTH; position++) {
    const batch = batchAt(model, position, before);
    backend.takeCounters();
    const start = performance.now();
    before = model.start(batch, { count: 1, limit: SHAPE.vocab });
    times.push(performance.now() - start);
    await before.results;
  }
  return { dispatches: backend.takeCounters().dispatches, milliseconds: median(times.slice(WARM_UP)) };
}

async function randomModel(backend: WebgpuBackend): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), 'realizar-encode-'));
  try {
    const path = join(folder, 'narrow.gguf');
    writeRandomModel(path, SHAPE, 'q8_0');
    const checkpoint = await openCheckpoint(path);
    const model = await loadModel(checkpoint, backend, { contextLength: CONTEXT_LENGTH });
    await checkpoint.close();
    return model;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One row of the only sequence, whose token the step before chose. */
function batchAt({ cache }: Model, position: number, before: ModelStep | undefined): Batch {
  const { blockSize, numBlocks } = cache.shape;
  return {
    tokenIds: Int32Array.of(1),
    positions: Int32Array.of(position),
    slotMapping: Int32Array.of(position),
    sequenceOf: Int32Array.of(0),
    blockTable: Int32Array.from({ length: numBlocks }, (_, block) => block),
    blocksPerSequence: numBlocks,
    blockSize,
    outputRows: Int32Array.of(0),
    chosen: before?.best && { best: before.best, rows: Int32Array.of(0) },
  };
}
