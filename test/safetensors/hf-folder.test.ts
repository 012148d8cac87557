import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../src/checkpoint/byte-source.ts';
import { RealizarError } from '../../src/errors.ts';
import { openHfFolder } from '../../src/safetensors/hf-folder.ts';
import { openHfFolderAt } from '../../src/safetensors/hf-folder.node.ts';
import { writeSafetensors, type TensorToWrite } from '../../src/safetensors/write.ts';
import { expectRefusal } from '../support/refusals.ts';

const INDEX = 'model.safetensors.index.json';
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const bytes = (n: number): TensorToWrite => ({ dtype: 'U8', shape: [1], data: Uint8Array.of(n) });
const config = { model_type: 'llama', num_hidden_layers: 1 };

/** A folder in memory; counts what is open. */
function folder(files: Record<string, Uint8Array>) {
  const state = { open: 0 };
  const open = () =>
    openHfFolder(
      async (name) => files[name],
      async (name) => {
        if (files[name] === undefined) throw new RealizarError('file-not-found', `${name} does not exist`);
        state.open++;
        return { ...memorySource(files[name], name), close: async () => void state.open-- };
      },
      'tiny',
    );
  return { open, state };
}

async function refused(
  files: Record<string, Uint8Array>,
  ...expected: Parameters<typeof expectRefusal> extends [unknown, ...infer Rest] ? Rest : never
): Promise<void> {
  const { open, state } = folder(files);
  await expectRefusal(open, ...expected);
  expect(state.open).toBe(0);
}

const single = {
  'config.json': json(config),
  'model.safetensors': writeSafetensors({
    'model.norm.weight': bytes(1),
    'lm_head.weight': bytes(2),
    buffer: bytes(3),
  }),
};

describe('a folder', () => {
  test("has its tensors under GGUF's names, and its metadata in GGUF's words", async () => {
    const { open, state } = folder(single);
    const checkpoint = await open();
    expect(checkpoint).toMatchObject({
      format: 'safetensors',
      name: 'tiny',
      byteLength: single['model.safetensors'].length,
    });
    expect(checkpoint.metadata.get('llama.block_count')).toBe(1);
    const read = await Promise.all(
      [...checkpoint.tensors.values()].map(async (tensor) => [tensor.name, (await checkpoint.read(tensor))[0]]),
    );
    expect(Object.fromEntries(read)).toEqual({ 'output_norm.weight': 1, 'output.weight': 2, buffer: 3 });
    await expectRefusal(
      () => checkpoint.read({ name: 'other', dtype: 'f32', shape: [], byteLength: 4 }),
      'missing-tensor',
      'other',
    );
    await checkpoint.close();
    expect(state.open).toBe(0);
  });

  test('hands on the files of its tokenizer, unread', async () => {
    const files = {
      'tokenizer.json': json({}),
      'tokenizer_config.json': json([]),
      'generation_config.json': json(1),
      'special_tokens_map.json': json({}),
      'tokenizer.model': Uint8Array.of(1),
      'chat_template.jinja': Uint8Array.of(2),
    };
    const { companions } = await folder({ ...single, ...files, 'README.md': Uint8Array.of(3) }).open();
    expect(new Map(companions)).toEqual(new Map(Object.entries({ ...files, 'config.json': single['config.json'] })));
  });

  test('may be in shards; the index says which tensor is where', async () => {
    const { open, state } = folder({
      'config.json': json(config),
      [INDEX]: json({ weight_map: { 'model.norm.weight': '1.safetensors', 'lm_head.weight': '2.safetensors' } }),
      '1.safetensors': writeSafetensors({ 'model.norm.weight': bytes(1), 'lm_head.weight': bytes(9) }),
      '2.safetensors': writeSafetensors({ 'lm_head.weight': bytes(2) }),
    });
    const checkpoint = await open();
    expect(await checkpoint.read(checkpoint.tensors.get('output.weight')!)).toEqual(Uint8Array.of(2));
    expect(await checkpoint.read(checkpoint.tensors.get('output_norm.weight')!)).toEqual(Uint8Array.of(1));
    expect(state.open).toBe(2);
    await checkpoint.close();
    expect(state.open).toBe(0);
  });

  test('with a head tied to the embedding has no output.weight, even where the file repeats it', async () => {
    const { tensors } = await folder({
      ...single,
      'config.json': json({ ...config, tie_word_embeddings: true }),
    }).open();
    expect(tensors.has('output.weight')).toBe(false);
  });

  test('may have tensors that cannot be computed with, as long as nobody needs them', async () => {
    const { tensors } = await folder({
      ...single,
      'model.safetensors': writeSafetensors({
        mask: { dtype: 'C64', shape: [], data: new Float32Array(2) },
        'model.norm.weight': bytes(1),
      }),
    }).open();
    expect([...tensors.keys()]).toEqual(['output_norm.weight']);
    expect(tensors.has('mask')).toBe(true);
    expect(tensors.get('nothing')).toBeUndefined();
    await expectRefusal(() => tensors.get('mask'), 'unsupported-dtype', 'mask', 'C64');
  });
});

describe('refused is a folder', () => {
  const weights = single['model.safetensors'];
  test('without config.json', () => refused({ 'model.safetensors': weights }, 'missing-file', 'config.json'));
  test('without weights, with the way out', () =>
    refused({ 'config.json': json(config) }, 'missing-file', 'model.safetensors', '.bin'));
  test('with broken weights', () =>
    refused({ ...single, 'model.safetensors': weights.subarray(0, -1) }, 'truncated', 'model.safetensors'));
  test('with a head that is neither there nor tied', () =>
    refused(
      { 'config.json': json({ ...config, tie_word_embeddings: false }), 'model.safetensors': writeSafetensors({}) },
      'missing-tensor',
      'lm_head.weight',
    ));
  test("with two tensors of one name in GGUF's words", () =>
    refused(
      {
        ...single,
        'model.safetensors': writeSafetensors({ 'model.norm.weight': bytes(1), 'output_norm.weight': bytes(2) }),
      },
      'duplicate-name',
      'same name',
    ));
  const index = (weight_map: object) => ({
    'config.json': json(config),
    [INDEX]: json({ weight_map }),
    '1.safetensors': writeSafetensors({ a: bytes(1) }),
  });
  test('with a shard missing', () =>
    refused(index({ a: '1.safetensors', b: '2.safetensors' }), 'missing-file', '2.safetensors'));
  test('with a tensor missing in its shard', () =>
    refused(index({ a: '1.safetensors', b: '1.safetensors' }), 'missing-tensor', '1.safetensors', 'b'));
  test('with an index that leads elsewhere', () =>
    refused(index({ a: '../1.safetensors' }), 'bad-value', 'same folder'));
  test('whose weights cannot be opened for another reason than absence', () =>
    expectRefusal(
      () =>
        openHfFolder(
          async () => json(config),
          () => Promise.reject(new RealizarError('io-failed', 'disk on fire')),
          'tiny',
        ),
      'io-failed',
      'disk on fire',
    ));
});

describe('S9: config.json', () => {
  test.each([
    ['[]', 'object'],
    ['{', 'not valid'],
    [`{"a":${'['.repeat(100_000)}`, 'deeper'],
    ['{"model_type":"a","model_type":"b"}', 'twice'],
  ])('is refused: %.30s', (text, reason) =>
    refused(
      { ...single, 'config.json': new TextEncoder().encode(text) },
      expect.any(String) as never,
      'config.json',
      reason,
    ),
  );
  test('of 5 MB is refused', () =>
    refused({ ...single, 'config.json': new Uint8Array(5e6) }, 'limit-exceeded', 'config.json'));
});

describe('a folder on disk', () => {
  const path = mkdtempSync(join(tmpdir(), 'realizar-'));
  afterAll(() => rmSync(path, { recursive: true }));

  test('is opened by its path and named after it', async () => {
    for (const [name, content] of Object.entries(single)) writeFileSync(join(path, name), content);
    const checkpoint = await openHfFolderAt(`${path}/`);
    expect(checkpoint.name).toBe(path.split('/').at(-1));
    expect(await checkpoint.read(checkpoint.tensors.get('output.weight')!)).toEqual(Uint8Array.of(2));
    await checkpoint.close();
  });

  test('S9: with a tokenizer.json of 1 GB is refused before it is read', async () => {
    writeFileSync(join(path, 'tokenizer.json'), '{}');
    truncateSync(join(path, 'tokenizer.json'), 2 ** 30);
    await expectRefusal(() => openHfFolderAt(path), 'limit-exceeded', 'tokenizer.json', '1073741824');
    rmSync(join(path, 'tokenizer.json'));
  });

  test('with a folder in the place of a file is refused', async () => {
    await expectRefusal(() => openHfFolderAt(join(path, 'config.json')), 'missing-file', 'config.json');
  });
});
