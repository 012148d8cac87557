import type { Batch } from '../../src/backend/backend.ts';
import type { ModelRunner } from '../../src/engine/step-loop.ts';
import type { ModelConfig } from '../../src/model/config.ts';

export const FAKE_VOCAB = 64;
/** Ends an answer. */
export const FAKE_END = 0;

const EMPTY = -1;

export interface FakeModelOptions {
  readonly numBlocks: number;
  readonly blockSize: number;
  /** Default: all that the blocks hold. */
  readonly contextLength?: number;
  /** Called before every step; may throw, or wait. */
  readonly onStep?: (batch: Batch) => void | Promise<void>;
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
  readonly backend = { info: { name: 'reference', mode: 'fake', threads: 1 } } as const;
  readonly cache;
  readonly contextLength: number;
  readonly memoryBytes = 1;
  readonly batches: Batch[] = [];
  disposed = false;
  readonly #slots: Int32Array;
  readonly #onStep: NonNullable<FakeModelOptions['onStep']>;

  constructor({ numBlocks, blockSize, contextLength = numBlocks * blockSize, onStep = () => {} }: FakeModelOptions) {
    this.contextLength = contextLength;
    this.cache = { shape: { numLayers: 1, numKvHeads: 1, headDim: 2, numBlocks, blockSize } };
    this.#slots = new Int32Array(numBlocks * blockSize).fill(EMPTY);
    this.#onStep = onStep;
  }

  async run(batch: Batch): Promise<Float32Array> {
    await this.#onStep(batch);
    this.batches.push(batch);
    batch.tokenIds.forEach((id, row) => (this.#slots[batch.slotMapping[row]!] = id));
    const logits = new Float32Array(batch.outputRows.length * FAKE_VOCAB);
    batch.outputRows.forEach((row, i) => logits.set(fakeLogits(this.#prefixOf(batch, row)), i * FAKE_VOCAB));
    return logits;
  }

  async dispose(): Promise<void> {
    this.disposed = true;
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
