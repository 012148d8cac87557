import { expect, test } from 'vitest';
import { Gpu } from '../../../src/backend/webgpu/gpu.ts';
import { Profiler } from '../../../src/backend/webgpu/profiler.ts';
import { bufferOf, describeWithGpu, readBack } from './support/open-gpu.ts';

describeWithGpu('the profiler', (gpu) => {
  test('counts every dispatch under its label and times it, and results stay what they are', async () => {
    const profiler = new Profiler(gpu().device);
    gpu().profiler = profiler;
    const numbers = bufferOf(gpu(), new Float32Array(64));
    const kernel = gpu().kernel('fill', { WORKGROUP: 64 });
    for (let i = 1; i <= 5; i++) {
      const label = i % 2 === 1 ? 'odd' : undefined;
      gpu().dispatch(kernel, [gpu().constants([64, Gpu.bits(i)]), numbers], [1], label);
      if (i === 2) gpu().submit();
    }
    expect([...(await readBack(gpu(), numbers, 2))]).toEqual([5, 5]);
    await profiler.settled();
    const times = profiler.take();
    expect(times.map(({ op, calls }) => [op, calls]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual([
      ['fill', 2],
      ['odd', 3],
    ]);
    for (const { milliseconds } of times) expect(milliseconds).toBeGreaterThanOrEqual(0);
    expect(profiler.take()).toEqual([]);
  });

  test('runs on when more is recorded than there are clocks', async () => {
    const profiler = new Profiler(gpu().device);
    gpu().profiler = profiler;
    const numbers = bufferOf(gpu(), new Float32Array(64));
    const kernel = gpu().kernel('fill', { WORKGROUP: 64 });
    const params = gpu().constants([1, 0]);
    for (let i = 0; i < 2100; i++) gpu().dispatch(kernel, [params, numbers], [1]);
    await readBack(gpu(), numbers, 1);
    await profiler.settled();
    expect(profiler.take()).toMatchObject([{ op: 'fill', calls: 2048 }]);
    gpu().profiler = undefined;
  });
});
