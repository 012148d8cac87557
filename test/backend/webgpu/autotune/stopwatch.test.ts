import { expect, test } from 'vitest';
import { stopwatchFor } from '../../../../src/backend/webgpu/autotune/stopwatch.ts';
import { Gpu } from '../../../../src/backend/webgpu/gpu.ts';
import { bufferOf, describeWithGpu, readBack } from '../support/open-gpu.ts';

describeWithGpu('the stopwatch', (gpu) => {
  const record = (value: number, numbers: GPUBuffer) => () =>
    gpu().dispatch(gpu().kernel('fill', { WORKGROUP: 64 }), [gpu().constants([64, Gpu.bits(value)]), numbers], [1]);

  test('tells milliseconds by the device’s clock and by the host’s, and what it times is done', async () => {
    const numbers = bufferOf(gpu(), new Float32Array(64));
    let value = 0;
    for (const features of [new Set(['timestamp-query']), new Set<string>()]) {
      const milliseconds = await stopwatchFor(features).time(gpu(), record(++value, numbers));
      expect(milliseconds).toBeGreaterThan(0);
      expect((await readBack(gpu(), numbers, 1))[0]).toBe(value);
      expect(gpu().profiler).toBeUndefined();
    }
  });

  test('takes the host’s clock, and longer samples, once the device’s has stood still', async () => {
    const stopwatch = stopwatchFor(new Set(['timestamp-query']));
    const short = stopwatch.sampleMs;
    expect(await stopwatch.time(gpu(), () => {})).toBeGreaterThan(0); // nothing is recorded: no time passes on the device
    expect(stopwatch.sampleMs).toBeGreaterThan(short);
  });
});
