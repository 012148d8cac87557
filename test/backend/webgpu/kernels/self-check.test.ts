import { afterEach, expect, test } from 'vitest';
import type { Backend } from '../../../../src/backend/backend.ts';
import { requireDawn } from '../../../../src/backend/webgpu/dawn.node.ts';
import { openDevice } from '../../../../src/backend/webgpu/device.ts';
import { createWebgpuBackend } from '../../../../src/backend/webgpu/open-webgpu.ts';
import { gpuFormats } from '../../../../src/backend/webgpu/weight.ts';
import { demoModelPath } from '../../../../src/demo.node.ts';
import { openCheckpoint } from '../../../../src/open-checkpoint.node.ts';
import { startEngine } from '../../../../src/start-engine.ts';
import { attended, AttentionRun, randomAttention, STATES } from '../../support/attention-case.ts';
import { expectClose } from '../../support/compare.ts';
import { linear, rowOf } from '../../support/oracle.ts';
import { floatWeight, Random, randomWeight } from '../../support/random.ts';
import { rowsFrom, uploadLinear } from '../../support/run.ts';
import { describeWithGpu } from '../support/open-gpu.ts';

/** The cache holds halves. */
const TOLERANCE = 2e-3;

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

  /** A model's heads are known, and its largest logit will be asked for. */
  const reserve = (backend: Backend, headDim = 16): Promise<void> =>
    backend.reserve!({
      parts: [],
      kvCache: { numLayers: 1, numKvHeads: 2, headDim, numBlocks: 1, blockSize: 16 },
    });

  /** A prompt of so many tokens, and one more. */
  async function expectAttention(backend: Backend, tokens: number): Promise<void> {
    const pool = { blockSize: 32, numSequences: 1, blocksPerSequence: 20 };
    const given = randomAttention('self-check', { pool, numHeads: 2, numKvHeads: 1, hidden: 16 });
    const run = await AttentionRun.open(backend, given);
    const ids = Array.from({ length: tokens + 1 }, (_, i) => (7 * i) % STATES);
    const wanted = attended(given, ids);
    const prompt = await run.step([{ sequence: 0, start: 0, ids: ids.slice(0, -1) }]);
    expectClose(prompt, wanted.slice(0, -1), TOLERANCE);
    const next = await run.step([{ sequence: 0, start: tokens, ids: ids.slice(-1) }]);
    expectClose(next, wanted.slice(-1), TOLERANCE);
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
    for (const headDim of [64, 20]) await reserve(backend, headDim);
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

  test('leaves products to the plain kernels where norms are wrong', async () => {
    const backend = await open((code, name) => (name === 'prepare' ? code.replaceAll('inverseSqrt(', 'sqrt(') : code));
    await expectRight(backend);
    expect(warnings.filter((message) => message.includes('q4_0'))).toEqual([
      expect.stringMatching(/^prepare with a norm/),
      expect.stringMatching(/^prepare with a norm/),
    ]);
  });

  test('does not split positions where what merges them is wrong', async () => {
    const backend = await open((code, name) =>
      name === 'attention-merge' ? code.replaceAll('.value / ', '.value * ') : code,
    );
    await reserve(backend);
    expect(warnings).toEqual([expect.stringMatching(/attention-merge, gives wrong results for heads of 16 on .+/)]);
    await expectAttention(backend, 520);
  });

  test('lets a model with wrong kernels say what it would say', async () => {
    const broken: Readonly<Record<string, readonly [right: string, wrong: string]>> = {
      'place-keys-values': ['turn.y', 'turn.x'],
      'best-merge': ['b.x > a.x', 'b.x < a.x'],
      prepare: ['inverseSqrt(', 'inverseRoot('],
    };
    const backend = await open((code, name) => (broken[name] ? code.replaceAll(...broken[name]) : code));
    const checkpoint = await openCheckpoint(demoModelPath());
    const reopen = { backend: async () => backend, checkpoint: () => openCheckpoint(demoModelPath()) };
    await using engine = await startEngine(checkpoint, reopen, { contextLength: 64 });
    await checkpoint.close();
    const { text } = await engine.generate('Once upon a time', { maxTokens: 8, temperature: 0 }).result();
    expect(text).toBe(', there was a brave mouse named Mia');
    for (const name of Object.keys(broken)) expect(warnings.join()).toContain(name);
  });

  test('leaves products to the plain kernels where all others are wrong', async () => {
    const backend = await open((code, name) => (name === 'matvec' ? code.replaceAll('total += ', 'total -= ') : code));
    await expectRight(backend);
    expect(warnings.filter((message) => message.includes('q4_0'))).toHaveLength(2);
  });
});
