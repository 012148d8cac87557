import type { FileRange } from '../backend.ts';
import type { WasmMemory } from './memory.ts';

/** Bytes that a thread reads at a time: what still lies in its second-level cache when it packs them. */
const CHUNK_BYTES = 2 ** 19;

export const GROUP_ROWS = 8;

/** Words of the list's head and of a job; worker.ts reads them. */
const JOB_WORDS = 16;
const OUT_OF_RANGE_WORD = 11;
const FAILED_WORD = 12;

/** As layout: the bytes are wanted as they lie in the file. */
export const AS_IT_IS = -1;

/** A weight in a file, and the place where threads put it. */
export interface LoadJob {
  readonly from: FileRange;
  /** Of the kernels, or `AS_IT_IS`. */
  readonly layout: number;
  readonly dtype: number;
  readonly rowBytes: number;
  readonly rows: number;
  readonly columns: number;
  readonly weight: number;
}

export interface LoadResult {
  /** Not all was read. */
  readonly failed: boolean;
  /** A value does not fit the layout. */
  readonly outOfRange: boolean;
}

const chunkGroups = ({ rowBytes }: LoadJob): number => Math.max(1, Math.floor(CHUNK_BYTES / (GROUP_ROWS * rowBytes)));

/** Staging memory that each thread needs. */
export const stagingBytes = (jobs: readonly LoadJob[]): number =>
  Math.max(...jobs.map((job) => Math.min(job.rows, chunkGroups(job) * GROUP_ROWS) * job.rowBytes));

export const loadListBytes = (jobs: readonly LoadJob[]): number => (1 + jobs.length) * JOB_WORDS * 4;

/** @param staging `stagingBytes` for each of `loaders` threads */
export function writeLoadList(
  memory: WasmMemory,
  list: number,
  jobs: readonly LoadJob[],
  staging: number,
  loaders: number,
): void {
  const { i32 } = memory;
  i32.set([jobs.length, staging, stagingBytes(jobs), loaders], list / 4);
  jobs.forEach((job, i) => {
    const { file, offset } = job.from;
    const place = [file.descriptor, offset % 2 ** 32, Math.floor(offset / 2 ** 32)];
    const weight = [job.layout, job.dtype, job.rowBytes, job.weight, job.rows, job.columns, chunkGroups(job)];
    const at = list / 4 + (1 + i) * JOB_WORDS;
    i32.fill(0, at, at + JOB_WORDS);
    i32.set([...place, ...weight], at);
  });
}

export function readLoadResults(memory: WasmMemory, list: number, jobs: readonly LoadJob[]): LoadResult[] {
  return jobs.map((_, i) => {
    const at = list / 4 + (1 + i) * JOB_WORDS;
    return { failed: memory.i32[at + FAILED_WORD] !== 0, outOfRange: memory.i32[at + OUT_OF_RANGE_WORD] !== 0 };
  });
}
