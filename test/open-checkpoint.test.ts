import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../src/open-checkpoint.node.ts';
import { writeSafetensors } from '../src/safetensors/write.ts';
import { writeGguf, type GgufDescription } from './support/gguf-writer.ts';
import { expectRefusal } from './support/refusals.ts';

const root = mkdtempSync(join(tmpdir(), 'realizar-'));
afterAll(() => rmSync(root, { recursive: true }));

function write(name: string, content: Uint8Array | string): string {
  const path = join(root, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const part = (no: number): GgufDescription => ({
  metadata: [
    ['split.no', { type: 'u16', value: no }],
    ['split.count', { type: 'u16', value: 2 }],
    ['split.tensors.count', { type: 'i32', value: 2 }],
  ],
  tensors: [{ name: `t${no}`, ggmlType: 24, shape: [1], data: Uint8Array.of(no) }],
});
const weights = writeSafetensors({ t: { dtype: 'U8', shape: [1], data: Uint8Array.of(7) } });
const config = '{"model_type":"llama"}';

describe('opened is', () => {
  test.each(['model.gguf', 'MODEL.GGUF', 'no-extension'])('a GGUF file of any name: %s', async (name) => {
    const checkpoint = await openCheckpoint(
      write(name, writeGguf(part(0).tensors ? { tensors: part(0).tensors! } : {})),
    );
    expect(checkpoint.format).toBe('gguf');
    await checkpoint.close();
  });

  test('a split model by its first part', async () => {
    write('split/m-00002-of-00002.gguf', writeGguf(part(1)));
    const checkpoint = await openCheckpoint(write('split/m-00001-of-00002.gguf', writeGguf(part(0))));
    expect(checkpoint).toMatchObject({ name: 'm' });
    expect(await checkpoint.read(checkpoint.tensors.get('t1')!)).toEqual(Uint8Array.of(1));
    await checkpoint.close();
  });

  test('a Hugging Face folder, by its path or by its weights', async () => {
    write('hf/config.json', config);
    for (const path of [join(root, 'hf'), write('hf/model.safetensors', weights)].reverse()) {
      const checkpoint = await openCheckpoint(path);
      expect(checkpoint).toMatchObject({ format: 'safetensors', name: 'hf' });
      await checkpoint.close();
    }
  });
});

describe('refused with the way out is', () => {
  test('a path that does not exist', () =>
    expectRefusal(() => openCheckpoint(join(root, 'nothing.gguf')), 'file-not-found', 'nothing.gguf'));
  test('a split model without its second part', () =>
    expectRefusal(
      () => openCheckpoint(write('half/m-00001-of-00002.gguf', writeGguf(part(0)))),
      'missing-file',
      'm-00002-of-00002.gguf',
    ));
  test.each([
    ['empty.gguf', '', 'truncated'],
    ['text.gguf', 'no model at all', 'bad-magic'],
    ['cut.gguf', 'GGUF\x03', 'truncated'],
  ] as const)('a broken GGUF file: %s', (name, content, code) =>
    expectRefusal(() => openCheckpoint(write(name, content)), code, name),
  );
  test.each([
    ['empty.safetensors', ''],
    ['text.safetensors', 'no model at all'],
  ])('a broken SafeTensors file: %s', (name, content) =>
    expectRefusal(
      () => openCheckpoint(write(name, content)),
      expect.stringMatching(/truncated|bad-length/) as never,
      name,
    ),
  );
  test('SafeTensors without config.json', async () => {
    await expectRefusal(
      () => openCheckpoint(write('alone/weights.safetensors', weights)),
      'unknown-format',
      'config.json',
    );
    await expectRefusal(() => openCheckpoint(write('alone/weights', weights)), 'unknown-format', 'config.json');
  });
  test('a shard of a folder', async () => {
    write('shards/config.json', config);
    await expectRefusal(
      () => openCheckpoint(write('shards/model-00001-of-00002.safetensors', weights)),
      'unknown-format',
      'open the folder',
      'shards',
    );
  });
  test.each(['', 'x', 'PK\x03\x04 a PyTorch file', '#!/bin/sh'])('a file of another format: %j', (content) =>
    expectRefusal(() => openCheckpoint(write('other.bin', content)), 'unknown-format', 'other.bin', 'GGUF'),
  );
  test('a folder without config.json', async () => {
    mkdirSync(join(root, 'void'));
    await expectRefusal(() => openCheckpoint(join(root, 'void')), 'unknown-format', 'without config.json');
    await expectRefusal(() => openCheckpoint(join(root, 'split')), 'unknown-format', 'm-00001-of-00002.gguf');
  });
  test.skipIf(process.platform === 'win32')('G20: what is no regular file', async () => {
    execFileSync('mkfifo', [join(root, 'fifo.gguf')]);
    symlinkSync(join(root, 'nowhere'), join(root, 'dangling.gguf'));
    for (const path of [join(root, 'fifo.gguf'), '/dev/zero', '/dev/random'])
      await expectRefusal(() => openCheckpoint(path), 'not-a-regular-file', path);
    await expectRefusal(() => openCheckpoint(join(root, 'dangling.gguf')), 'file-not-found', 'dangling.gguf');
  });
});
