import { describe, expect, test } from 'vitest';
import { Gpu, spread } from '../../../src/backend/webgpu/gpu.ts';
import { bufferOf, describeWithGpu, openGpu, readBack } from './support/open-gpu.ts';

describeWithGpu('a GPU', (gpu) => {
  const fill = (buffer: GPUBuffer, count: number, value: number) =>
    gpu().dispatch(
      gpu().kernel('fill', { WORKGROUP: 64 }),
      [gpu().constants([count, Gpu.bits(value)]), buffer],
      [Math.ceil(count / 64)],
    );

  test('runs what is recorded in order', async () => {
    const buffer = gpu().allocate(4000, 'numbers');
    fill(buffer, 1000, 1);
    fill(buffer, 500, 2.5);
    const values = await readBack(gpu(), buffer, 1000);
    expect([...values]).toEqual(Array.from({ length: 1000 }, (_, i) => (i < 500 ? 2.5 : 1)));
  });

  test('writes after what was recorded before, and before what is recorded after', async () => {
    const buffer = gpu().allocate(16, 'numbers');
    fill(buffer, 4, 1);
    gpu().write(buffer, 4, new Float32Array([7, 8]));
    fill(buffer, 2, 3);
    expect([...(await readBack(gpu(), buffer, 4))]).toEqual([3, 3, 8, 1]);
  });

  test('compiles a shader once, however it is asked for', async () => {
    await gpu().prepare([
      ['fill', { WORKGROUP: 32 }],
      ['fill', { WORKGROUP: 16 }],
    ]);
    expect(gpu().kernel('fill', { WORKGROUP: 32 })).toBe(gpu().kernel('fill', { WORKGROUP: 32 }));
    expect(gpu().kernel('fill', { WORKGROUP: 32 })).not.toBe(gpu().kernel('fill', { WORKGROUP: 16 }));
  });

  test('gives the same calls the same buffers and bind groups, step after step', () => {
    const step = () => {
      gpu().activations.open();
      const a = gpu().activation(1000);
      gpu().activations.open();
      const b = gpu().activation(1000);
      const c = gpu().activation(5000);
      for (const buffer of [a, b, c]) fill(buffer, 4, 1);
      gpu().activations.close();
      const d = gpu().activation(990);
      gpu().activations.close();
      gpu().submit();
      return [a, b, c, d];
    };
    const first = step();
    gpu().takeCounters();
    expect(step()).toEqual(first);
    expect(first[3]).toBe(first[1]);
    expect(gpu().takeCounters()).toMatchObject({ dispatches: 3, submits: 1, bindGroups: 0 });
  });

  test('says how many buffers a shader takes', () => {
    expect(() => gpu().dispatch(gpu().kernel('fill', { WORKGROUP: 64 }), [], [1])).toThrow(/fill takes params, y/);
  });

  test('binds parts of buffers', async () => {
    const buffer = bufferOf(gpu(), new Float32Array(128));
    const part = { buffer, offset: 256, size: 16 };
    gpu().dispatch(gpu().kernel('fill', { WORKGROUP: 64 }), [gpu().constants([2, Gpu.bits(4)]), part], [1]);
    expect([...(await readBack(gpu(), buffer, 128)).subarray(63, 67)]).toEqual([0, 4, 4, 0]);
  });

  test('tells of a shader that does not compile before anybody reads', async () => {
    const broken = await openGpu();
    await expect(broken.prepare([['fill', { WORKGROUP: 'many' }]])).rejects.toThrow(
      expect.objectContaining({ code: 'shader-error', field: 'fill' }),
    );
    broken.kernel('fill', { WORKGROUP: 'none' });
    await expect(readBack(broken, broken.allocate(16, 'numbers'), 4)).rejects.toThrow(
      expect.objectContaining({ code: 'shader-error', field: 'fill' }),
    );
    broken.device.destroy();
  });

  test('a buffer that does not fit is out of memory, at once or before the next read', async () => {
    const small = await openGpu();
    const tooMuch = expect.objectContaining({
      code: 'out-of-memory',
      message: expect.stringMatching(/the cache needs/),
    });
    expect(() => small.allocate(2 ** 40, 'the cache')).toThrow(tooMuch);
    small.device.destroy();
  });

  test('a lost device fails every wait with `device-lost`', async () => {
    const doomed = await openGpu();
    const buffer = doomed.allocate(16, 'numbers');
    const reads = [readBack(doomed, buffer, 4), readBack(doomed, buffer, 4)];
    doomed.device.destroy();
    const lost = expect.objectContaining({ code: 'device-lost' });
    for (const read of reads) await expect(read).rejects.toThrow(lost);
    expect(() => doomed.copy(buffer, 0, buffer, 8, 4)).toThrow(lost);
  });
});

describe('spread', () => {
  test('covers any number of workgroups within the limit', () => {
    expect(spread(7, 10)).toEqual([7]);
    expect(spread(101, 50)).toEqual([34, 3]);
    expect(() => spread(101, 10)).toThrow(expect.objectContaining({ code: 'backend-failed' }));
  });
});
