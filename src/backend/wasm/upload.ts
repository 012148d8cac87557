import { byteLength, formats, type DType } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import { countOf } from '../../tensor/tensor.ts';
import type { WeightSource } from '../backend.ts';
import type { Bank } from './bank.ts';
import type { Executor } from './executor.ts';
import { FileLoader } from './file-loader.ts';
import { isPackedDType, WEIGHT_ALIGNMENT, weightLayout, type PackedDType, type WeightLayout } from './layouts.ts';
import { AS_IT_IS, type LoadJob, type LoadResult } from './load-list.ts';
import { repackAll } from './repack.ts';
import { f32Tensor, weightTensor, type WasmTensor, type WasmWeight } from './tensor.ts';

/** Runs a job while nothing else runs. */
export type Alone = <T>(job: () => Promise<T>) => Promise<T>;

/** Bytes that a weight takes; vectors are f32. */
export function weightBytes(dtype: DType, shape: readonly number[]): number {
  if (shape.length !== 2) return 4 * countOf(shape);
  return weightLayout(isPackedDType(dtype) ? dtype : 'f32', shape[0]!, shape[1]!).byteLength;
}

/**
 * Brings weights into memories, in the layout of the kernels. Those in open files are read by the threads themselves, side
 * by side; all others are read here, one after another, and packed by the threads.
 */
export class Uploader {
  readonly #executor: Executor;
  readonly #alone: Alone;
  readonly #files: FileLoader;

  constructor(executor: Executor, alone: Alone) {
    this.#executor = executor;
    this.#alone = alone;
    this.#files = new FileLoader(executor, alone);
  }

  async upload(bank: Bank, source: WeightSource): Promise<WasmTensor> {
    check(source);
    if (source.shape.length === 1) return this.#vector(bank, source);
    const packed = packedSource(source);
    const narrow = weightLayout(packed.dtype, packed.shape[0]!, packed.shape[1]!);
    return (
      (await this.#matrix(bank, packed, narrow)) ??
      // The rare weight with a value beyond its layout's range.
      (await this.#matrix(
        bank,
        packed,
        weightLayout(packed.dtype, packed.shape[0]!, packed.shape[1]!, { wide: true }),
      ))!
    );
  }

  /** @returns undefined where a value is out of the layout's range */
  async #matrix(bank: Bank, source: PackedSource, layout: WeightLayout): Promise<WasmWeight | undefined> {
    const weight = bank.memory.allocate(layout.byteLength, source.name, WEIGHT_ALIGNMENT);
    const [rows, columns] = source.shape as [number, number];
    const place = { rowBytes: byteLength(source.dtype, [columns]), rows, columns, weight };
    const result =
      (await this.#fromFile(bank, source, { layout: layout.layout, dtype: layout.dtype, ...place })) ??
      (await this.#alone(() => repackAll(bank, this.#executor, source, layout, weight)));
    return result.outOfRange ? undefined : weightTensor(bank.memory, source.dtype, source.shape, weight, layout);
  }

  async #vector(bank: Bank, source: WeightSource): Promise<WasmTensor> {
    const length = source.shape[0]!;
    const pointer = bank.memory.allocate(4 * length, source.name);
    const place = { rowBytes: 4 * length, rows: 1, columns: length, weight: pointer };
    const loaded =
      source.dtype === 'f32' && (await this.#fromFile(bank, source, { layout: AS_IT_IS, dtype: 0, ...place }));
    if (!loaded) {
      const values = new Float32Array(length);
      formats[source.dtype].decode(await source.read(0, source.byteLength), values);
      bank.memory.f32.set(values, pointer / 4);
    }
    return f32Tensor(bank.memory, source.shape, pointer);
  }

  /** @returns undefined where it has to be read otherwise, which also tells what is wrong with a file that cannot be read */
  async #fromFile(bank: Bank, source: WeightSource, job: Omit<LoadJob, 'from'>): Promise<LoadResult | undefined> {
    const from = this.#executor.loaders > 0 && source.locate?.();
    if (!from) return undefined;
    const result = await this.#files.load(bank, { ...job, from });
    return result.failed ? undefined : result;
  }
}

function check({ name, dtype, shape, byteLength: given }: WeightSource): void {
  const expected = byteLength(dtype, shape);
  if (given === expected && (shape.length === 1 || shape.length === 2)) return;
  throw new RealizarError(
    'shape-mismatch',
    `${name} has ${given} bytes, ${dtype} [${shape.join(', ')}] needs ${expected}`,
    {
      field: name,
    },
  );
}

export interface PackedSource extends WeightSource {
  readonly dtype: PackedDType;
}

/** A source as the kernels can read it: dtypes they do not know arrive as f32. */
function packedSource(source: WeightSource): PackedSource {
  if (isPackedDType(source.dtype)) return source as PackedSource;
  const { blockSize, blockBytes, decode } = formats[source.dtype];
  const valueBytes = blockBytes / blockSize;
  return {
    name: source.name,
    dtype: 'f32',
    shape: source.shape,
    byteLength: byteLength('f32', source.shape),
    read: async (start, end, into) => {
      const bytes = into ?? new Uint8Array(end - start);
      const values = new Float32Array((end - start) / 4);
      decode(await source.read((start / 4) * valueBytes, (end / 4) * valueBytes), values);
      bytes.set(new Uint8Array(values.buffer));
      return bytes;
    },
  };
}
