import { expect, test } from 'vitest';
import { describeBackends, openBackend } from '../../src/backend/open.ts';
import { describeWithGpu } from './webgpu/support/open-gpu.ts';

test.each(['reference', 'wasm'] as const)('opens the %s backend by its name', async (name) => {
  const backend = await openBackend(name, { threads: 1 });
  expect(backend.info).toMatchObject({ name, threads: 1 });
  await backend.dispose();
});

test('runs the kernels that it was asked for, and says which there are where it has none of that name', async () => {
  const backend = await openBackend('wasm', { threads: 1, kernelSet: 'i16' });
  expect(backend.info.mode).toContain('i16');
  await backend.dispose();
  await expect(openBackend('wasm', { kernelSet: 'avx1024' })).rejects.toThrow(
    expect.objectContaining({ code: 'backend-unavailable', message: expect.stringMatching(/avx1024.*i16/) }),
  );
});

test('webgl is for pages', async () => {
  await expect(openBackend('webgl')).rejects.toThrow(expect.objectContaining({ code: 'backend-unavailable' }));
});

test('says of each backend whether it is there, and chooses exactly one', async () => {
  const reports = await describeBackends();
  expect(reports.map(({ name }) => name)).toEqual(['webgpu', 'wasm', 'reference']);
  expect(reports.filter(({ isChosen }) => isChosen)).toHaveLength(1);
  for (const { detail } of reports) expect(detail).not.toBe('');
});

test('`auto` opens what the reports chose', async () => {
  const chosen = (await describeBackends()).find(({ isChosen }) => isChosen)!;
  const backend = await openBackend('auto', { threads: 1 });
  expect(backend.info.name).toBe(chosen.name);
  await backend.dispose();
});

describeWithGpu('on a machine with a GPU, if only one in software', (gpu) => {
  test('webgpu is opened by name, and says on which device', async () => {
    const backend = await openBackend('webgpu');
    expect(backend.info).toMatchObject({ name: 'webgpu', device: gpu().facts.description });
    await backend.dispose();
  });

  test('`auto` never takes a device in software for itself, and takes it where it is named', async () => {
    const { description, isFallback } = gpu().facts;
    const part = description.split(' ')[1]!.toUpperCase();
    const backend = await openBackend('auto', { threads: 1, device: part });
    expect(backend.info).toMatchObject({ name: 'webgpu', device: description });
    await backend.dispose();
    const usual = await openBackend('auto', { threads: 1 });
    expect(usual.info.name).toBe(isFallback ? 'wasm' : 'webgpu');
    await usual.dispose();
  });

  test('a device that is not there is refused with the name of one that is', async () => {
    const message = expect.stringContaining(gpu().facts.description);
    for (const choice of ['auto', 'webgpu'] as const) {
      await expect(openBackend(choice, { device: 'Voodoo 2' })).rejects.toThrow(
        expect.objectContaining({ code: 'backend-unavailable', message }),
      );
    }
    const [webgpu] = await describeBackends({ device: 'Voodoo 2' });
    expect(webgpu).toMatchObject({ isAvailable: false, isChosen: false, detail: message });
  });
});
