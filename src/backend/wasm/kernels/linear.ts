import { RealizarError } from '../../../errors.ts';
import type { Linear } from '../../backend.ts';
import type { Ordering } from '../command-list.ts';
import { LINEAR } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { asF32, asWeight, type WasmWeight } from '../tensor.ts';
import type { Prepared } from './prepare.ts';

/** A linear's tensors, seen to be this backend's and of the right shape. */
export interface CheckedLinear {
  readonly weight: WasmWeight;
  readonly rows: number;
  readonly columns: number;
  /** Pointer, or 0. */
  readonly bias: number;
}

/** @throws RealizarError `shape-mismatch` | `invalid-argument` */
export function checkLinear(
  recorder: Recorder,
  linear: Linear,
  columns: number,
  what: string,
  rows?: number,
): CheckedLinear {
  const weight = asWeight(recorder.memory, linear.weight, what);
  const [weightRows, weightColumns] = weight.shape as [number, number];
  if (weightColumns !== columns || (rows !== undefined && weightRows !== rows)) {
    const wanted = `[${rows ?? weightRows}, ${columns}]`;
    throw new RealizarError('shape-mismatch', `${what} is [${weight.shape.join(', ')}] and has to be ${wanted}`, {
      field: what,
    });
  }
  return {
    weight,
    rows: weightRows,
    columns,
    bias: vectorPointer(recorder, linear.bias, weightRows, `the bias of ${what}`),
  };
}

/** Pointer of an f32 vector, 0 where there is none. @throws RealizarError `shape-mismatch` | `invalid-argument` */
export function vectorPointer(recorder: Recorder, tensor: Linear['bias'], length: number, what: string): number {
  if (tensor === undefined) return 0;
  const vector = asF32(recorder.memory, tensor, what);
  if (vector.shape.length === 1 && vector.shape[0] === length) return vector.pointer;
  throw new RealizarError('shape-mismatch', `${what} is [${vector.shape.join(', ')}] and has to be [${length}]`, {
    field: what,
  });
}

/** y [tokens, rows] = input Wᵀ + b, or y += input Wᵀ + b. */
export function recordLinear(
  recorder: Recorder,
  linear: CheckedLinear,
  input: Prepared,
  tokens: number,
  y: number,
  mode: 'store' | 'accumulate',
  ordering: Ordering,
): void {
  const { layout, groups } = linear.weight.layout;
  const perChunk = groupsPerChunk(groups, recorder.threads);
  recorder.commands.record(
    LINEAR,
    Math.ceil(groups / perChunk),
    [
      layout,
      linear.weight.pointer,
      linear.bias,
      linear.rows,
      linear.columns,
      perChunk,
      input.pointer,
      input.threadBytes,
      tokens,
      y,
      mode === 'accumulate' ? 1 : 0,
    ],
    ordering,
  );
}

/**
 * Groups of 8 rows in one chunk: a multiple of 4, which kernels read as four streams; small enough to give each thread
 * several chunks, so that one that loses its core for a while does not hold up the others.
 */
export function groupsPerChunk(groups: number, threads: number): number {
  if (threads === 1) return Math.min(groups, 256);
  const share = groups / (threads * CHUNKS_PER_THREAD);
  return Math.min(MAX_GROUPS_PER_CHUNK, Math.max(4, Math.floor(share / 4) * 4));
}

const CHUNKS_PER_THREAD = 8;
const MAX_GROUPS_PER_CHUNK = 32;
