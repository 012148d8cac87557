import type { Gpu } from '../gpu.ts';
import { Profiler } from '../profiler.ts';

/** Tells how long a device works on something. */
export interface Stopwatch {
  /** What is timed should take at least so many milliseconds to be told apart. */
  readonly sampleMs: number;
  /** Milliseconds of what `record` records, from the first dispatch to the last. */
  time(gpu: Gpu, record: () => void): Promise<number>;
}

/** Browsers round a device's clock to a tenth of that. */
const DEVICE_SAMPLE_MS = 1;
/** A submit alone costs a tenth of that in browsers. */
const HOST_SAMPLE_MS = 3;

/** By the device's own clock where it has one that runs; by the host's otherwise. */
export function stopwatchFor(features: ReadonlySet<string>): Stopwatch {
  let hasClock = features.has('timestamp-query');
  return {
    get sampleMs() {
      return hasClock ? DEVICE_SAMPLE_MS : HOST_SAMPLE_MS;
    },
    async time(gpu, record) {
      if (!hasClock) return hostTime(gpu, record);
      const milliseconds = await deviceTime(gpu, record);
      if (milliseconds > 0) return milliseconds;
      hasClock = false; // some drivers promise a clock and leave zeros
      return hostTime(gpu, record);
    },
  };
}

async function deviceTime(gpu: Gpu, record: () => void): Promise<number> {
  const profiler = new Profiler(gpu.device, 'pass');
  gpu.profiler = profiler;
  try {
    record();
    gpu.submit();
    await gpu.health.race(profiler.settled());
    return profiler.take().reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  } finally {
    gpu.profiler = undefined;
    profiler.destroy();
  }
}

async function hostTime(gpu: Gpu, record: () => void): Promise<number> {
  const start = performance.now();
  record();
  gpu.submit();
  await gpu.health.race(gpu.device.queue.onSubmittedWorkDone());
  return performance.now() - start;
}
