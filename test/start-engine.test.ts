import { describe, expect, test } from 'vitest';
import type { Backend, KvShape, ModelProducts } from '../src/backend/backend.ts';
import { createReferenceBackend } from '../src/backend/reference/reference-backend.ts';
import type { Checkpoint } from '../src/checkpoint/checkpoint.ts';
import type { LoadOptions } from '../src/engine/engine-api.ts';
import { RealizarError } from '../src/errors.ts';
import { demoModelPath, loadEngine } from '../src/index.ts';
import { openCheckpoint } from '../src/open-checkpoint.node.ts';
import { startEngine } from '../src/start-engine.ts';

const demo = demoModelPath();
const settings = { contextLength: 64, modelId: 'demo' } as const;
const greedy = { temperature: 0, maxTokens: 10 } as const;
const prompt = 'Once upon a time';

/** The reference backend with other manners. */
function reference(changes: (backend: Backend) => Partial<Backend>): Backend {
  const backend = createReferenceBackend();
  const changed = changes(backend);
  return new Proxy(backend, {
    get(target, name) {
      const own = name in changed ? changed : target;
      const value: unknown = Reflect.get(own, name, own);
      return typeof value === 'function' ? (value.bind(own) as unknown) : value;
    },
  });
}

/** Loses its device at its nth read, and works no more. */
function shortLived(reads: number): Backend {
  let left = reads;
  return reference((backend) => ({
    read: async (tensor) => {
      if (left-- > 0) return backend.read(tensor);
      throw new RealizarError('device-lost', 'the device is gone');
    },
  }));
}

/** How often a thing was opened, and how the engine opens it. */
function counted(backends: readonly (() => Backend)[], openAgain: () => Promise<Checkpoint>) {
  const opened = { backends: 0, checkpoints: 0 };
  const reopen = {
    backend: async () => backends[Math.min(opened.backends++, backends.length - 1)]!(),
    checkpoint: async () => {
      opened.checkpoints++;
      return openAgain();
    },
  };
  return { opened, reopen };
}

async function start(reopen: Parameters<typeof startEngine>[1], options: LoadOptions = {}) {
  const checkpoint = await openCheckpoint(demo);
  try {
    return await startEngine(checkpoint, reopen, { ...settings, ...options });
  } finally {
    await checkpoint.close();
  }
}

async function plainText(options = {}): Promise<string> {
  await using engine = await loadEngine(demo, { ...settings, backend: 'reference' });
  return (await engine.generate(prompt, { ...greedy, ...options }).result()).text;
}

describe('a lost device', () => {
  test('is replaced, the weights are read once more, and the answer goes on with the same text', async () => {
    const { opened, reopen } = counted([() => shortLived(3), () => shortLived(2), createReferenceBackend], () =>
      openCheckpoint(demo),
    );
    await using engine = await start(reopen);
    const pieces: string[] = [];
    for await (const piece of engine.generate(prompt, greedy)) pieces.push(piece);
    expect(pieces.join('')).toBe(await plainText());
    expect(opened).toEqual({ backends: 3, checkpoints: 2 });
  });

  test('whose model is another one by now ends the answer, and so does the next one', async () => {
    const changed = async (): Promise<Checkpoint> => {
      const checkpoint = await openCheckpoint(demo);
      const metadata = new Map(checkpoint.metadata).set('llama.attention.layer_norm_rms_epsilon', 0.5);
      return Object.assign(Object.create(checkpoint) as Checkpoint, { metadata });
    };
    const { reopen } = counted([() => shortLived(1), createReferenceBackend], changed);
    await using engine = await start(reopen);
    for (let i = 0; i < 2; i++)
      await expect(engine.generate(prompt, greedy).result()).rejects.toThrow(
        expect.objectContaining({ code: 'changed-while-reading', message: expect.stringContaining('demo') }),
      );
  });

  test('that cannot be had again ends the answer, and a later one tries anew', async () => {
    let isBack = false;
    const { reopen } = counted(
      [
        () => shortLived(1),
        () => {
          if (isBack) return createReferenceBackend();
          throw new RealizarError('backend-unavailable', 'no device');
        },
      ],
      () => openCheckpoint(demo),
    );
    await using engine = await start(reopen);
    await expect(engine.generate(prompt, greedy).result()).rejects.toThrow('no device');
    isBack = true;
    expect((await engine.generate(prompt, greedy).result()).text).toBe(await plainText());
  });
});

const never = () => Promise.reject(new Error('nobody reads this'));

describe('a backend with several steps in flight', () => {
  test.each([2, 4])('says the same with %i', async (stepsInFlight) => {
    let waiting = 0;
    let most = 0;
    const backend = () =>
      reference((plain) => ({
        info: { ...plain.info, stepsInFlight },
        read: async (tensor) => {
          most = Math.max(most, ++waiting);
          const values = await plain.read(tensor);
          await new Promise((resolve) => setTimeout(resolve, 1));
          waiting--;
          return values;
        },
      }));
    await using engine = await start({ backend: async () => backend(), checkpoint: never });
    const [{ text }, ended] = await Promise.all([
      engine.generate(prompt, greedy).result(),
      engine.generate('The', { ...greedy, stop: ['a'] }).result(),
    ]);
    expect(text).toBe(await plainText());
    expect(ended.finishReason).toBe('stop');
    expect(most).toBe(stepsInFlight);
  });
});

describe('guessed tokens', () => {
  test('are what the model says anyway, greedy or drawn', async () => {
    await using engine = await loadEngine(demo, { ...settings, backend: 'wasm', threads: 1 });
    const logitBias = new Map([40, 50, 60].map((id) => [id, 100])); // so that it repeats itself
    for (const options of [greedy, { temperature: 0.8, seed: 5 }]) {
      const asked = { ...options, logitBias, maxTokens: 45 };
      const plain = await engine.generate(prompt, asked).result();
      const guessed = await engine.generate(prompt, { ...asked, promptLookup: 8 }).result();
      expect(guessed.tokenIds).toEqual(plain.tokenIds);
      expect(guessed.timings.acceptedTokens).toBeGreaterThan(0);
    }
  });
});

describe('a backend that tunes itself', () => {
  test('is told what a model multiplies by when it is uploaded, and again on the device that replaces a lost one', async () => {
    const told: ModelProducts[] = [];
    const tuning = () => ({ tune: async (products: ModelProducts) => void told.push(products) });
    const lost = shortLived(2);
    const backends = [() => Object.assign(lost, tuning()), () => reference(tuning)];
    const { reopen } = counted(backends, () => openCheckpoint(demo));
    await using engine = await start(reopen);
    expect(told).toHaveLength(1);
    const { numLayers, hiddenSize, vocabSize, normEps } = engine.config;
    expect(told[0]!.layers).toHaveLength(numLayers);
    expect(told[0]!.head.weight.shape).toEqual([vocabSize, hiddenSize]);
    expect(told[0]!.normEps).toBe(normEps);
    await engine.generate(prompt, greedy).result();
    expect(told).toHaveLength(2);
  });
});

describe('options', () => {
  test('say how keys and values are stored', async () => {
    const shapes: KvShape[] = [];
    const backend = () =>
      reference((plain) => ({
        createKvCache: (shape) => {
          shapes.push(shape);
          return plain.createKvCache(shape);
        },
      }));
    await using half = await start({ backend: async () => backend(), checkpoint: never }, { kvCacheType: 'f16' });
    await using byDefault = await start({ backend: async () => backend(), checkpoint: never });
    expect(shapes.map(({ dtype }) => dtype)).toEqual(['f16', undefined]);
    expect(half.memoryBytes).toBeLessThan(byDefault.memoryBytes);
  });

  test('say whether kernels are timed, by a word that is known', async () => {
    const wrong = loadEngine(demo, { ...settings, backend: 'reference', autotune: 'sometimes' as 'on' });
    await expect(wrong).rejects.toThrow(expect.objectContaining({ code: 'invalid-argument', field: 'autotune' }));
  });

  test('leave the size of a prefill step to what suits the backend', async () => {
    const rowsOf = async (name: 'webgpu' | 'wasm') => {
      let most = 0;
      const backend = reference((plain) => ({
        info: { ...plain.info, name },
        embed: (table, batch) => {
          most = Math.max(most, batch.tokenIds.length);
          return plain.embed(table, batch);
        },
      }));
      await using engine = await start({ backend: async () => backend, checkpoint: never }, { contextLength: 512 });
      await engine.generate(Array<number>(100).fill(5), { ...greedy, maxTokens: 1 }).result();
      return most;
    };
    expect(await rowsOf('wasm')).toBe(64);
    expect(await rowsOf('webgpu')).toBe(100);
  });
});
