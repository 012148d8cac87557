import { RealizarError } from '../../errors.ts';
import { rowsOf } from '../../tensor/tensor.ts';
import type { Batch, Rope } from '../backend.ts';
import { BatchLimits } from '../batch-limits.ts';
import { cacheReach, type CacheReach } from '../cache-reach.ts';
import { isChosenSound, isSoundBatch } from '../sound-batch.ts';
import { ActivationPool } from './activation-pool.ts';
import type { Gpu } from './gpu.ts';
import { asNumbers } from './gpu-tensor.ts';

/** A batch on the GPU. */
export interface BatchData {
  readonly tokens: number;
  /** As the host has them, [tokens]. */
  readonly positions: Int32Array;
  /** u32 [tokens]: ids, those that `best` chose among them. */
  readonly ids: GPUBuffer;
  /** (position, slot, where the sequence's blocks begin in `table`, 0) as u32 [tokens, 4] */
  readonly rows: GPUBuffer;
  /** u32: block numbers of all sequences. */
  readonly table: GPUBuffer;
  /** As the host has it, [tokens]. */
  readonly sequenceOf: Int32Array;
  /** Every sequence has one row: all of them decode. */
  readonly isDecode: boolean;
  readonly maxPosition: number;
  readonly reach: CacheReach;
  readonly limits: BatchLimits;
}

/** Numbers that a step brought to the GPU beside its batch. */
export interface StepUpload {
  readonly buffer: GPUBuffer;
  /** Brings those of another batch of the same shape. @returns where they are */
  readonly again: (data: BatchData) => GPUBuffer;
}

/**
 * What the batches of a step need on the GPU. Their buffers go back when the step is submitted, and the next step of the same shape
 * gets the same ones.
 */
export class BatchStore {
  readonly #gpu: Gpu;
  /** Apart from activations: these go back at other times, and both keep their order. */
  readonly #pool: ActivationPool;
  readonly #batches = new Map<Batch, BatchData>();
  readonly #ropes = new Map<BatchData, Map<Rope, GPUBuffer>>();
  readonly #taken: GPUBuffer[] = [];
  #uploads: StepUpload[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#pool = new ActivationPool((bytes) => gpu.allocate(bytes, 'a batch'));
  }

  /** Whether nothing was uploaded since `release`. */
  get isEmpty(): boolean {
    return this.#taken.length === 0;
  }

  /** Rows of all batches since `release`. */
  get tokens(): number {
    let tokens = 0;
    for (const data of this.#batches.values()) tokens += data.tokens;
    return tokens;
  }

  /** What was uploaded since `release` beside batches, in order. */
  get uploads(): readonly StepUpload[] {
    return this.#uploads;
  }

  /** @throws RealizarError `invalid-argument` for numbers that contradict each other */
  dataOf(batch: Batch): BatchData {
    const known = this.#batches.get(batch);
    if (known) return known;
    const data = this.#upload(batch);
    this.#batches.set(batch, data);
    return data;
  }

  /** (cos, sin) of every row and pair, f32 [tokens, pairs, 2]: worked out here, because sines on GPUs are rough. */
  ropeOf(data: BatchData, rope: Rope): GPUBuffer {
    const ropes = this.#ropes.get(data) ?? new Map<Rope, GPUBuffer>();
    this.#ropes.set(data, ropes);
    const known = ropes.get(rope);
    if (known) return known;
    const buffer = this.#buffer(ropeTable(data.positions, rope));
    ropes.set(rope, buffer);
    this.#uploads.push({ buffer, again: (next) => this.ropeOf(next, rope) });
    return buffer;
  }

  /** u32 [count] */
  words(values: Int32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.#buffer(values);
    this.#uploads.push({ buffer, again: () => this.words(values) });
    return buffer;
  }

  /** After the step was submitted. */
  release(): void {
    this.#batches.clear();
    this.#ropes.clear();
    this.#uploads = [];
    for (const buffer of this.#taken.splice(0).toReversed()) this.#pool.give(buffer);
  }

  #upload(batch: Batch): BatchData {
    const { tokenIds, positions, slotMapping, sequenceOf, blockTable, blocksPerSequence } = batch;
    if (!isSoundBatch(batch)) throw contradiction();
    const tokens = tokenIds.length;
    const rows = new Uint32Array(4 * tokens);
    for (let t = 0; t < tokens; t++) {
      rows.set([positions[t]!, slotMapping[t]!, sequenceOf[t]! * blocksPerSequence, 0], 4 * t);
    }
    return {
      tokens,
      positions,
      ids: this.#ids(batch),
      rows: this.#buffer(rows),
      table: this.#buffer(Int32Array.from(blockTable)),
      sequenceOf,
      isDecode: new Set(sequenceOf).size === tokens,
      maxPosition: positions.reduce((a, b) => Math.max(a, b), 0),
      reach: cacheReach(batch),
      limits: new BatchLimits(),
    };
  }

  #ids(batch: Batch): GPUBuffer {
    const { tokenIds, chosen } = batch;
    const ids = this.#buffer(Int32Array.from(tokenIds));
    if (chosen === undefined) return ids;
    const best = asNumbers(this.#gpu, chosen.best, 'batch.chosen.best');
    if (!isChosenSound(batch)) throw contradiction();
    const [, width] = rowsOf(best);
    const rows = this.#buffer(Int32Array.from(chosen.rows));
    const params = this.#gpu.constants([tokenIds.length, width]);
    this.#gpu.dispatch(
      this.#gpu.kernel('plain/take-chosen'),
      [params, rows, best.buffer, ids],
      [Math.ceil(tokenIds.length / 64)],
    );
    return ids;
  }

  #buffer(data: Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.#pool.borrow(data.byteLength);
    this.#taken.push(buffer);
    // What is recorded cannot use it: it was free, and buffers become free when their step has been submitted.
    if (data.length > 0) this.#gpu.writeAhead(buffer, 0, data);
    return buffer;
  }
}

const contradiction = () =>
  new RealizarError(
    'invalid-argument',
    'a batch has arrays of different lengths, or numbers beyond its block table or cache',
  );

/** (cos, sin) of every row and pair, [tokens, pairs, 2] */
export function ropeTable(
  positions: Int32Array,
  { dimensions, frequencies, magnitude }: Rope,
): Float32Array<ArrayBuffer> {
  const pairs = dimensions / 2;
  const table = new Float32Array(2 * positions.length * pairs);
  for (let t = 0; t < positions.length; t++) {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = positions[t]! * frequencies[pair]!;
      table[2 * (t * pairs + pair)] = magnitude * Math.cos(angle);
      table[2 * (t * pairs + pair) + 1] = magnitude * Math.sin(angle);
    }
  }
  return table;
}
