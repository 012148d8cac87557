import type { Batch, BestOf } from '../../src/backend/backend.ts';
import { best } from '../../src/backend/reference/kernels/best.ts';
import type { ModelRunner } from '../../src/engine/model-runner.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { RealizarError } from '../../src/errors.ts';
import type { ModelStep } from '../../src/model/model.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

export const FAKE_VOCAB = 64;
/** Ends an answer. */
export const FAKE_END = 0;

const EMPTY = -1;

export interface FakeModelOptions {
  readonly numBlocks: number;
  readonly blockSize: number;
  /** Default: all that the blocks hold. */
  readonly contextLength?: number;
  /** How many of the latest tokens decide the next one: few make texts that repeat themselves. Default: all. */
  readonly memory?: number;
  /** Steps that may be recorded before the first is read. Default 1. */
  readonly stepsInFlight?: number;
  /** Called before every step; may throw, or wait. */
  readonly onStep?: (batch: Batch, model: FakeModel) => void | Promise<void>;
}

/** What `best` chose, once its step has run. */
interface FakeBest extends Tensor {
  ids?: Float32Array;
}

/**
 * A model whose logits are a hash of the whole prefix, read back from the paged cache: a wrong slot, position or block table,
 * or a block that two sequences share, changes the text. It forgets a block when another sequence writes to it.
 */
export class FakeModel implements ModelRunner {
  readonly config: ModelConfig = {
    architecture: 'fake',
    vocabSize: FAKE_VOCAB,
    hiddenSize: 1,
    intermediateSize: 1,
    numLayers: 1,
    numHeads: 1,
    numKvHeads: 1,
    headDim: 2,
    contextLength: 1024,
    normEps: 1e-5,
    rope: { pairing: 'half', dimensions: 2, frequencies: Float64Array.of(1), magnitude: 1 },
  };
  readonly backend;
  readonly cache;
  readonly contextLength: number;
  readonly memoryBytes = 1;
  readonly batches: Batch[] = [];
  /** What each batch brought back of a row. */
  readonly bestOf: (BestOf | undefined)[] = [];
  /** Most steps that were in flight together. */
  mostInFlight = 0;
  disposed = false;
  /** Its device is gone: every step fails until it is restored. */
  lost = false;
  restores = 0;
  #inFlight = 0;
  /** Steps run one after another, as on a device. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #slots: Int32Array;
  readonly #onStep: NonNullable<FakeModelOptions['onStep']>;
  readonly #memory: number;

  constructor({ numBlocks, blockSize, stepsInFlight, ...options }: FakeModelOptions) {
    const { contextLength = numBlocks * blockSize, onStep = () => {}, memory = Infinity } = options;
    this.backend = { info: { name: 'reference', mode: 'fake', threads: 1, stepsInFlight } } as const;
    this.contextLength = contextLength;
    this.cache = { shape: { numLayers: 1, numKvHeads: 1, headDim: 2, numBlocks, blockSize } };
    this.#slots = new Int32Array(numBlocks * blockSize).fill(EMPTY);
    this.#onStep = onStep;
    this.#memory = memory;
  }

  start(batch: Batch, bestOf?: BestOf): ModelStep {
    this.batches.push(batch);
    this.bestOf.push(bestOf);
    this.mostInFlight = Math.max(this.mostInFlight, ++this.#inFlight);
    const chosen: FakeBest | undefined = bestOf && { dtype: 'f32', shape: [batch.outputRows.length, 2 * bestOf.count] };
    const results = this.#last.then(() => this.#run(batch, bestOf, chosen)).finally(() => this.#inFlight--);
    this.#last = results.catch(() => {});
    return { results, best: chosen };
  }

  async restore(): Promise<void> {
    this.restores++;
    this.lost = false;
    this.#slots.fill(EMPTY);
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }

  async #run(batch: Batch, bestOf: BestOf | undefined, chosen: FakeBest | undefined): Promise<Float32Array> {
    await this.#onStep(batch, this);
    if (this.lost) throw new RealizarError('device-lost', 'the device is gone');
    batch.tokenIds.forEach((id, row) => (this.#slots[batch.slotMapping[row]!] = chosenToken(batch, row) ?? id));
    const logits = new Float32Array(batch.outputRows.length * FAKE_VOCAB);
    batch.outputRows.forEach((row, i) =>
      logits.set(fakeLogits(this.#prefixOf(batch, row).slice(-this.#memory)), i * FAKE_VOCAB),
    );
    if (chosen === undefined) return logits;
    return (chosen.ids = best(logits, FAKE_VOCAB, bestOf!.count, bestOf!.limit));
  }

  #prefixOf(batch: Batch, row: number): number[] {
    const table = batch.sequenceOf[row]! * batch.blocksPerSequence;
    return Array.from({ length: batch.positions[row]! + 1 }, (_, position) => {
      const block = batch.blockTable[table + Math.floor(position / batch.blockSize)]!;
      const id = this.#slots[block * batch.blockSize + (position % batch.blockSize)]!;
      if (id === EMPTY) throw new Error(`position ${position} was read before it was written`);
      return id;
    });
  }
}

function chosenToken({ chosen }: Batch, row: number): number | undefined {
  const from = chosen?.rows[row] ?? -1;
  return from < 0 ? undefined : (chosen!.best as FakeBest).ids![from * chosen!.best.shape[1]!]!;
}

/** What the model answers to a prefix. */
export function fakeLogits(prefix: readonly number[]): Float32Array {
  let hash = 0x811c9dc5;
  for (const id of prefix) hash = Math.imul(hash ^ (id + 1), 0x01000193);
  return Float32Array.from({ length: FAKE_VOCAB }, (_, i) => {
    let x = Math.imul(hash ^ Math.imul(i + 1, 0x9e3779b1), 0x85ebca6b);
    x ^= x >>> 13;
    return (Math.imul(x, 0xc2b2ae35) >>> 8) / 2 ** 22;
  });
}

/** The greedy answer of the model when nobody else is there. */
export function fakeAnswer(prompt: readonly number[], maxTokens: number): number[] {
  const tokens = [...prompt];
  while (tokens.length < prompt.length + maxTokens) {
    const logits = fakeLogits(tokens);
    const next = logits.indexOf(Math.max(...logits));
    if (next === FAKE_END) break;
    tokens.push(next);
  }
  return tokens.slice(prompt.length);
}
