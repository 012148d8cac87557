import { afterEach, expect, test } from 'vitest';
import type { Backend } from '../../../../src/backend/backend.ts';
import { requireDawn } from '../../../../src/backend/webgpu/dawn.node.ts';
import { openDevice } from '../../../../src/backend/webgpu/device.ts';
import { createWebgpuBackend } from '../../../../src/backend/webgpu/open-webgpu.ts';
import { gpuFormats } from '../../../../src/backend/webgpu/weight.ts';
import { expectClose } from '../../support/compare.ts';
import { linear, rowOf } from '../../support/oracle.ts';
import { floatWeight, Random, randomWeight } from '../../support/random.ts';
import { rowsFrom, uploadLinear } from '../../support/run.ts';
import { describeWithGpu } from '../support/open-gpu.ts';

describeWithGpu('the self-check', () => {
  const opened: Backend[] = [];
  const warnings: string[] = [];
  afterEach(async () => {
    warnings.splice(0);
    for (const backend of opened.splice(0)) await backend.dispose();
  });

  /** A backend on a driver that reads shaders in its own way. */
  async function open(misread: (code: string, name: string) => string): Promise<Backend> {
    const { device } = await openDevice(await requireDawn());
    const create = device.createShaderModule.bind(device);
    device.createShaderModule = (given) => create({ ...given, code: misread(given.code, given.label ?? '') });
    const backend = await createWebgpuBackend({
      source: await requireDawn(),
      requestDevice: async () => device,
      selfCheck: true,
      onWarning: (message) => warnings.push(message),
    });
    opened.push(backend);
    return backend;
  }

  async function expectRight(backend: Backend): Promise<void> {
    const random = new Random('self-check');
    const weight = randomWeight(random, 'q4_0', [24, 64]);
    const input = floatWeight([1, 64], random.floats(64));
    const weights = await uploadLinear(backend, { weight });
    const x = await backend.upload(input.source);
    const zeros = await backend.upload(floatWeight([1, 24], new Float32Array(24)).source);
    const y = await backend.scope(() => {
      const sum = rowsFrom(backend, zeros, [0]);
      backend.addLinear(sum, rowsFrom(backend, x, [0]), weights);
      return backend.read(sum);
    });
    expectClose(y, [linear(rowOf(input, 0), { weight })], 1.2e-2);
  }

  test('finds nothing wrong where nothing is', async () => {
    const backend = await open((code) => code);
    for (const format of gpuFormats) {
      const width = format.endsWith('_k') ? 256 : 32;
      await backend.upload(randomWeight(new Random(format), format, [8, width]).source);
    }
    await expectRight(backend);
    expect(warnings).toEqual([]);
  });

  test('replaces dots of bytes that are wrong by floats, and says so', async () => {
    const backend = await open((code) => code.replaceAll('dot4I8Packed(a.x, b.x)', 'dot4I8Packed(a.x, b.y)'));
    await expectRight(backend);
    expect(warnings).toEqual([expect.stringMatching(/^matvec for one row gives wrong results for q4_0 on .+/)]);
  });

  test('replaces kernels that do not compile', async () => {
    const backend = await open((code, name) =>
      name === 'matvec' ? code.replaceAll('dot4I8Packed', 'dot4Eights') : code,
    );
    await expectRight(backend);
    expect(warnings).toHaveLength(1);
  });

  test('leaves products to the plain kernels where all others are wrong', async () => {
    const backend = await open((code, name) => (name === 'matvec' ? code.replaceAll('total += ', 'total -= ') : code));
    await expectRight(backend);
    expect(warnings.filter((message) => message.includes('q4_0'))).toHaveLength(2);
  });
});
