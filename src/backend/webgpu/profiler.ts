import { COPY_DST, COPY_SRC, MAP_READ, MODE_READ, QUERY_RESOLVE } from './gpu-flags.ts';
import type { OpTime } from '../backend.ts';

// Two timestamps a dispatch; a query set holds at most 4096.
const MAX_QUERIES = 4096;
const BYTES_PER_QUERY = 8;

/**
 * GPU time of every dispatch, by timestamp queries. Each dispatch then has a compute pass of its own, so that a step takes longer
 * in all; the times of the kernels are right. Browsers round them to 100 µs. Or the time of whole passes, as they are.
 */
export class Profiler {
  readonly each: 'dispatch' | 'pass';
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  #pending: string[] = [];
  readonly #reads: Promise<void>[] = [];
  readonly #times = new Map<string, { calls: number; nanoseconds: number }>();

  /** Needs the feature `timestamp-query`. */
  constructor(device: GPUDevice, each: 'dispatch' | 'pass' = 'dispatch') {
    this.each = each;
    this.#device = device;
    this.#queries = device.createQuerySet({ type: 'timestamp', count: MAX_QUERIES });
    this.#resolved = device.createBuffer({ size: MAX_QUERIES * BYTES_PER_QUERY, usage: QUERY_RESOLVE | COPY_SRC });
  }

  /** For the pass of one dispatch; undefined when more are pending than there are queries. */
  passOf(label: string): GPUComputePassDescriptor | undefined {
    const first = 2 * this.#pending.length;
    if (first + 2 > MAX_QUERIES) return undefined;
    this.#pending.push(label);
    return {
      label,
      timestampWrites: { querySet: this.#queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
    };
  }

  /** Before an encoder with timed passes is finished. */
  resolve(encoder: GPUCommandEncoder): void {
    const names = this.#pending;
    if (names.length === 0) return;
    this.#pending = [];
    const bytes = 2 * names.length * BYTES_PER_QUERY;
    const staging = this.#device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
    encoder.resolveQuerySet(this.#queries, 0, 2 * names.length, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, bytes);
    // Mapping is possible once the encoder has been submitted, which happens in this turn.
    const read = Promise.resolve().then(() => this.#collect(staging, names));
    read.catch(() => {}); // the device is lost, which is told elsewhere
    this.#reads.push(read);
  }

  /** What ran since the last call and was heard of, dearest first. */
  take(): readonly OpTime[] {
    const times = [...this.#times].map(([op, { calls, nanoseconds }]): OpTime => {
      return { op, calls, milliseconds: nanoseconds / 1e6, waitingMilliseconds: 0 };
    });
    this.#times.clear();
    return times.toSorted((a, b) => b.milliseconds - a.milliseconds);
  }

  /** Waits until all of it was heard of. */
  async settled(): Promise<void> {
    await Promise.all(this.#reads.splice(0));
  }

  /** After `settled`, when nothing more is to be timed. */
  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }

  async #collect(staging: GPUBuffer, names: readonly string[]): Promise<void> {
    await staging.mapAsync(MODE_READ);
    const stamps = new BigUint64Array(staging.getMappedRange());
    names.forEach((name, i) => {
      const time = this.#times.get(name) ?? { calls: 0, nanoseconds: 0 };
      time.calls++;
      time.nanoseconds += Number(stamps[2 * i + 1]! - stamps[2 * i]!);
      this.#times.set(name, time);
    });
    staging.destroy();
  }
}
