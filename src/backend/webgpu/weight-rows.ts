import { byteLength, formats } from '../../dtype/index.ts';
import type { WeightSource } from '../backend.ts';
import { q3kToQ6k } from './q3k-to-q6k.ts';
import { formatOnGpu, type GpuFormat, UNIT } from './weight.ts';

/** Rows of a weight in the format that the GPU keeps, whatever the file has. */
export interface WeightRows {
  readonly format: GpuFormat;
  /** Bytes of a row before it is repacked. */
  readonly rowBytes: number;
  /** Bytes of rows [first, first + count), which are valid until the next call. */
  read(first: number, count: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Room for some bytes; every call gives the same room. */
export type Staging = (bytes: number) => Uint8Array<ArrayBuffer>;

/** One array for all that is read: what each tensor left behind would wait for the garbage collector. */
export function createStaging(): Staging {
  let kept = new Uint8Array(0);
  return (bytes) => {
    // Whole words: what goes to the GPU is counted in them.
    if (kept.length < bytes) kept = new Uint8Array(Math.ceil(bytes / 4) * 4);
    return kept.subarray(0, bytes);
  };
}

/** Reads a weight by rows. What the GPU has no format for is converted here, some rows at a time. */
export function weightRows(source: WeightSource, staging: Staging): WeightRows {
  const [, columns] = source.shape as [number, number];
  const format = formatOnGpu(source.dtype);
  const isPlain = formats[format].blockSize === 1;
  if (format === source.dtype && !(isPlain && columns % UNIT !== 0)) return asStored(source, format, staging);
  if (source.dtype === 'q3_k') return q3kAsQ6k(source, staging);
  return asNumbers(source, format, staging);
}

function asStored(source: WeightSource, format: GpuFormat, staging: Staging): WeightRows {
  const rowBytes = byteLength(source.dtype, [source.shape[1]!]);
  return {
    format,
    rowBytes,
    async read(first, count) {
      const into = staging(count * rowBytes);
      const given = await source.read(first * rowBytes, (first + count) * rowBytes, into);
      if (given !== into) into.set(given);
      return into;
    },
  };
}

function q3kAsQ6k(source: WeightSource, staging: Staging): WeightRows {
  const stored = byteLength('q3_k', [source.shape[1]!]);
  const rowBytes = byteLength('q6_k', [source.shape[1]!]);
  return {
    format: 'q6_k',
    rowBytes,
    async read(first, count) {
      const into = staging(count * rowBytes);
      q3kToQ6k(await source.read(first * stored, (first + count) * stored), into);
      return into;
    },
  };
}

/** Plain numbers, their rows filled with zeros to whole units. */
function asNumbers(source: WeightSource, format: GpuFormat, staging: Staging): WeightRows {
  const [, columns] = source.shape as [number, number];
  const padded = Math.ceil(columns / UNIT) * UNIT;
  const stored = byteLength(source.dtype, [columns]);
  const { blockBytes, encode } = formats[format];
  return {
    format,
    rowBytes: padded * blockBytes,
    async read(first, count) {
      const into = staging(count * padded * blockBytes).fill(0);
      const given = await source.read(first * stored, (first + count) * stored);
      const row = new Float32Array(columns);
      for (let r = 0; r < count; r++) {
        const from = given.subarray(r * stored, (r + 1) * stored);
        const to = into.subarray(r * padded * blockBytes, (r * padded + columns) * blockBytes);
        if (format === source.dtype) to.set(from);
        else encode!(decodedRow(source, from, row), to);
      }
      return into;
    },
  };
}

function decodedRow({ dtype }: WeightSource, bytes: Uint8Array, row: Float32Array): Float32Array {
  formats[dtype].decode(bytes, row);
  return row;
}
