import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../src/backend/backend.ts';
import type { Counters } from '../../src/backend/webgpu/gpu.ts';
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
/** Steps that are recorded in a row, as when a pipeline fills. */
const IN_A_ROW = 4;

/** Milliseconds of the host for a token: medians, unless they are means. */
export interface HostCost {
  /** `Model.start`, from a batch to its submitted step whose result is asked for. */
  readonly all: number;
  /** Of it: from the first dispatch to the last, closing the command buffer, handing it to the driver. */
  readonly record: number;
  readonly finish: number;
  readonly submit: number;
  /** Means: a thread waits for its core now and then, where the device is a program, and collects garbage. */
  readonly mean: number;
  /** Of the calling thread. Kernels count it in ticks of some milliseconds, so it is good for many tokens only. */
  readonly meanCpu: number;
}

export interface EncodeCost {
  readonly dispatches: number;
  /** Once the token before has been read: other memory fills the caches meanwhile. */
  readonly afterWait: HostCost;
  /** Right after the token before, which is still being computed. */
  readonly inARow: HostCost;
}

/** What recording and submitting a token of a model costs that chooses its tokens on the GPU. */
export async function encodeToken(backend: WebgpuBackend): Promise<EncodeCost> {
  const model = await randomModel(backend);
  const afterWait = await timeTokens(backend, model, 1);
  const inARow = await timeTokens(backend, model, IN_A_ROW);
  return { dispatches: afterWait.dispatches, afterWait: afterWait.cost, inARow: inARow.cost };
}

interface TimedTokens {
  readonly dispatches: number;
  readonly cost: HostCost;
}

/** Of several that are recorded in a row, all but the first. */
async function timeTokens(backend: WebgpuBackend, model: Model, inARow: number): Promise<TimedTokens> {
  const tokens: TimedToken[] = [];
  let before: ModelStep | undefined;
  for (let position = 0; position < CONTEXT_LENGTH; position += inARow) {
    const reads: Promise<unknown>[] = [];
    for (let i = 0; i < inARow; i++) {
      const batch = batchAt(model, position + i, before);
      const [step, token] = timeToken(backend, () => model.start(batch, { count: 1, limit: SHAPE.vocab }));
      before = step;
      reads.push(step.results);
      if (position >= WARM_UP && (i > 0 || inARow === 1)) tokens.push(token);
    }
    await Promise.all(reads);
  }
  const of = (name: keyof TimedToken) => tokens.map((token) => token[name]);
  const [all, record, finish, submit] = (['all', 'recordMs', 'finishMs', 'submitMs'] as const).map((name) =>
    median(of(name)),
  ) as [number, number, number, number];
  return {
    dispatches: median(of('dispatches')),
    cost: { all, record, finish, submit, mean: mean(of('all')), meanCpu: mean(of('cpu')) },
  };
}

interface TimedToken extends Counters {
  readonly all: number;
  readonly cpu: number;
}

function timeToken(backend: WebgpuBackend, start: () => ModelStep): readonly [ModelStep, TimedToken] {
  backend.takeCounters();
  const cpuBefore = node.threadCpuUsage();
  const startedAt = performance.now();
  const step = start();
  const all = performance.now() - startedAt;
  const { user, system } = node.threadCpuUsage(cpuBefore);
  return [step, { ...backend.takeCounters(), all, cpu: (user + system) / 1000 }];
}

/** Its types do not have the call yet. */
const node = process as typeof process & { readonly threadCpuUsage: typeof process.cpuUsage };

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

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
