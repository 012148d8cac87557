import { describe, expect, test } from 'vitest';
import { createReferenceBackend } from '../../src/backend/reference/reference-backend.ts';
import type { Backend } from '../../src/backend/backend.ts';
import type { Checkpoint, MetadataValue, TensorInfo } from '../../src/checkpoint/checkpoint.ts';
import { RealizarError } from '../../src/errors.ts';
import { loadModel, planModel } from '../../src/model/load-model.ts';
import { llamaMetadata } from './metadata.ts';

const layer = {
  attn_norm: [64],
  attn_q: [64, 64],
  attn_k: [32, 64],
  attn_v: [32, 64],
  attn_output: [64, 64],
  ffn_norm: [64],
  ffn_gate: [96, 64],
  ffn_up: [96, 64],
  ffn_down: [64, 96],
};

/** A llama of zeros in memory, with changes; `undefined` takes a tensor out. */
function llamaCheckpoint(
  changes: Readonly<Record<string, readonly number[] | undefined>> = {},
  metadata: Map<string, MetadataValue> = llamaMetadata(),
): Checkpoint {
  const shapes: Record<string, readonly number[] | undefined> = {
    'token_embd.weight': [32, 64],
    'output_norm.weight': [64],
  };
  for (const i of [0, 1]) for (const [name, shape] of Object.entries(layer)) shapes[`blk.${i}.${name}.weight`] = shape;
  const tensors = new Map<string, TensorInfo>();
  for (const [name, shape] of Object.entries({ ...shapes, ...changes })) {
    if (shape !== undefined)
      tensors.set(name, { name, dtype: 'f32', shape, byteLength: 4 * shape.reduce((a, b) => a * b, 1) });
  }
  return {
    format: 'gguf',
    name: 'small',
    byteLength: 0,
    metadata,
    tensors,
    companions: new Map(),
    read: async (tensor, start = 0, end = tensor.byteLength) => new Uint8Array(end - start),
    close: async () => {},
  };
}

function spiedBackend() {
  const backend = createReferenceBackend();
  const seen = { uploads: [] as string[], disposed: false };
  const spied: Backend = Object.assign(Object.create(backend) as Backend, {
    upload: (source: Parameters<Backend['upload']>[0]) => {
      seen.uploads.push(source.name);
      return backend.upload(source);
    },
    weightBytes: backend.weightBytes.bind(backend),
    createKvCache: backend.createKvCache.bind(backend),
    dispose: async () => {
      seen.disposed = true;
      await backend.dispose();
    },
  });
  return { backend: spied, seen };
}

describe('loadModel', () => {
  test('uploads every tensor and tells how far it is', async () => {
    const { backend, seen } = spiedBackend();
    const progress: number[] = [];
    const model = await loadModel(llamaCheckpoint(), backend, {
      onProgress: ({ loadedBytes, totalBytes }) => progress.push(loadedBytes / totalBytes),
    });
    expect(seen.uploads).toHaveLength(20);
    expect(progress).toHaveLength(20);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    expect(model.memoryBytes).toBeGreaterThan(4 * 64 * 32);
  });

  test.each([
    ['token_embd.weight', undefined, 'missing-tensor'],
    ['blk.1.ffn_down.weight', undefined, 'missing-tensor'],
    ['output_norm.weight', [63], 'shape-mismatch'],
    ['blk.0.attn_q.weight', [64, 32], 'shape-mismatch'],
    ['blk.1.attn_norm.weight', [1, 64], 'shape-mismatch'],
    ['token_embd.weight', [31, 64], 'shape-mismatch'],
    ['output.weight', [33, 64], 'shape-mismatch'],
    ['blk.0.attn_q.bias', [32], 'shape-mismatch'],
    ['rope_freqs.weight', [4, 2], 'shape-mismatch'],
    ['rope_freqs.weight', [2 ** 40], 'shape-mismatch'],
    ['rope_freqs.weight', [8], 'bad-hparam'],
  ])('refuses %s as %o before anything is uploaded, and frees the backend', async (name, shape, code) => {
    const { backend, seen } = spiedBackend();
    await expect(loadModel(llamaCheckpoint({ [name]: shape }), backend)).rejects.toThrow(
      expect.objectContaining({ code, field: name }),
    );
    expect(seen).toEqual({ uploads: [], disposed: true });
  });

  test('stops between two tensors when it is told to, and frees what it has uploaded', async () => {
    const { backend, seen } = spiedBackend();
    const controller = new AbortController();
    const loading = loadModel(llamaCheckpoint(), backend, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(loading).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
    expect(seen.uploads).toHaveLength(1);
    expect(seen.disposed).toBe(true);
  });

  test('lets uploads overlap where the backend likes that, and waits for all of them before it gives up', async () => {
    const { backend } = spiedBackend();
    let [underway, most] = [0, 0];
    const overlapping: Backend = Object.assign(Object.create(backend) as Backend, {
      info: { ...backend.info, uploadsInFlight: 4 },
      upload: async (source: Parameters<Backend['upload']>[0]) => {
        most = Math.max(most, ++underway);
        await new Promise((resume) => setTimeout(resume, 1));
        underway -= 1;
        return backend.upload(source);
      },
    });
    const progress: number[] = [];
    const onProgress = ({ loadedBytes }: { loadedBytes: number }) => void progress.push(loadedBytes);
    await loadModel(llamaCheckpoint(), overlapping, { onProgress });
    expect([most, progress.length]).toEqual([4, 20]);
    const controller = new AbortController();
    const loading = loadModel(llamaCheckpoint(), overlapping, {
      signal: controller.signal,
      onProgress: ({ tensor }) => tensor === 'blk.1.ffn_up.weight' && controller.abort(),
    });
    await expect(loading).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
    expect(underway).toBe(0);
  });

  test('goes on with another device where one is lost, and says so where that one is lost too', async () => {
    const losing = () => {
      const { backend, seen } = spiedBackend();
      const upload = async () => {
        throw new RealizarError('device-lost', 'the device is gone');
      };
      return { backend: Object.assign(Object.create(backend) as Backend, { upload }), seen };
    };
    const first = losing();
    const other = spiedBackend();
    const reopen = (next: Backend) => ({
      backend: async () => next,
      checkpoint: () => Promise.reject(new Error('the open one is read again')),
    });
    const model = await loadModel(llamaCheckpoint(), first.backend, { reopen: reopen(other.backend) });
    expect([first.seen.disposed, other.seen]).toEqual([true, expect.objectContaining({ disposed: false })]);
    expect(model.backend).toBe(other.backend);
    const second = losing();
    const lost = expect.objectContaining({ code: 'device-lost' });
    const loading = loadModel(llamaCheckpoint(), losing().backend, { reopen: reopen(second.backend) });
    await expect(loading).rejects.toThrow(lost);
    expect(second.seen.disposed).toBe(true);
    await expect(loadModel(llamaCheckpoint(), losing().backend)).rejects.toThrow(lost);
  });

  test('names the tensor whose data cannot be read', async () => {
    const { backend } = spiedBackend();
    const broken = (error: Error): Checkpoint => ({ ...llamaCheckpoint(), read: () => Promise.reject(error) });
    const lost = new RealizarError('changed-while-reading', 'small.gguf was written to', { offset: 7 });
    await expect(loadModel(broken(lost), backend)).rejects.toMatchObject({
      code: 'changed-while-reading',
      message: 'small.gguf was written to (while reading token_embd.weight)',
      field: 'token_embd.weight',
      offset: 7,
    });
    await expect(loadModel(broken(new Error('no disk')), spiedBackend().backend)).rejects.toThrow('no disk');
  });

  test('lists the tensors that it has no place for', async () => {
    const { unused } = await planModel(llamaCheckpoint({ 'blk.0.attn_sinks.weight': [4] }));
    expect(unused).toEqual(['blk.0.attn_sinks.weight']);
  });

  test('asks qwen2 for its biases and qwen3 for its head norms', async () => {
    const as = (name: string) =>
      new Map(
        [...llamaMetadata()].map(([key, value]) => [
          key.replace('llama.', `${name}.`),
          key === 'general.architecture' ? name : value,
        ]),
      );
    await expect(planModel(llamaCheckpoint({}, as('qwen2')))).rejects.toThrow(
      expect.objectContaining({ field: 'blk.0.attn_q.bias' }),
    );
    await expect(planModel(llamaCheckpoint({}, as('qwen3')))).rejects.toThrow(
      expect.objectContaining({ field: 'blk.0.attn_q_norm.weight' }),
    );
    expect((await planModel(llamaCheckpoint({}, as('mistral')))).architecture.name).toBe('mistral');
  });
});
