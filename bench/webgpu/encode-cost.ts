import { median } from '../../src/cli/median.ts';
import type { Gpu } from '../../src/backend/webgpu/gpu.ts';

/** Five kernels for each of 30 layers, and two. */
const DISPATCHES = 152;
const BUFFERS = 31;
const TRIES = 50;

/** Milliseconds to record and submit a token of 152 dispatches through `Gpu`, its bind groups made before. */
export async function encodeToken(gpu: Gpu): Promise<number> {
  const kernel = gpu.kernel('fill', { WORKGROUP: 64 });
  const params = gpu.constants([1, 0]);
  const buffers = Array.from({ length: BUFFERS }, () => gpu.allocate(256, 'a layer'));
  const token = () => {
    for (let i = 0; i < DISPATCHES; i++) gpu.dispatch(kernel, [params, buffers[i % BUFFERS]!], [1]);
    gpu.submit();
  };
  const times: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    gpu.takeCounters();
    token();
    times.push(gpu.takeCounters().encodeMs);
    await gpu.device.queue.onSubmittedWorkDone();
  }
  return median(times.slice(TRIES / 5));
}
