import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { gpuMissing } from '../../backend/webgpu/support/open-gpu.ts';
import { version } from '../../../src/version.ts';
import { describeWithInputs, sharedPath } from '../../support/inputs.ts';
import { cli, demoModel } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'realizar-tools-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string) => (writeFileSync(join(folder, name), content), join(folder, name));

describe('realizar info', () => {
  test('tells what the machine can do', async () => {
    const { stdout } = await cli(['info']);
    expect(stdout).toMatch(new RegExp(`^Realizar v${version}\n`));
    expect(stdout).toContain('Features:');
    expect(stdout).toMatch(/SIMD +\S+/);
  });

  test('the same as JSON', async () => {
    const facts = JSON.parse((await cli(['info', '-f', 'json'])).stdout) as {
      version: string;
      features: string[];
      simd: { mode: string; kernel_sets: string[] };
      threads: number;
    };
    expect(facts.version).toBe(version);
    expect(facts.features).toContain('GGUF and SafeTensors models, unmodified');
    expect(facts.simd.kernel_sets).toContain(facts.simd.mode);
    expect(facts.threads).toBeGreaterThan(0);
  });

  test('tells what a model is', async () => {
    const { stdout } = await cli(['info', demoModel]);
    for (const part of [
      'llama, 1.2 million parameters',
      'layers        5, hidden 128',
      'token_embd.weight',
      'general.architecture',
      'q8_0 × 36',
      'memory',
    ])
      expect(stdout).toContain(part);
  });

  test('the same as JSON, with long arrays cut', async () => {
    const facts = JSON.parse((await cli(['info', demoModel, '-f', 'json', '-c', '256'])).stdout) as {
      parameters: number;
      memory_bytes: { contextLength: number; kvCache: number };
      metadata: Record<string, { length: number }>;
    };
    expect(facts.parameters).toBe(1_181_056);
    expect(facts.memory_bytes.contextLength).toBe(256);
    expect(facts.memory_bytes.kvCache).toBe(2 * 4 * 5 * 2 * 32 * 256);
    expect(facts.metadata['tokenizer.ggml.tokens']!.length).toBe(1536);
  });

  test('estimates memory for keys and values as they are going to be stored, and says how that is', async () => {
    const kvCacheOf = async (...flags: string[]) => {
      const { stdout } = await cli(['info', demoModel, '-c', '256', ...flags]);
      return /kv cache \S+ MB in (\S+) for 256 tokens/.exec(stdout)?.[1];
    };
    expect([await kvCacheOf(), await kvCacheOf('--cache-type', 'q8_0')]).toEqual(['f32', 'q8_0']);
    const facts = JSON.parse(
      (await cli(['info', demoModel, '-f', 'json', '-c', '256', '--cache-type', 'f16'])).stdout,
    ) as { memory_bytes: { cacheType: string; kvCache: number } };
    expect(facts.memory_bytes).toMatchObject({ cacheType: 'f16', kvCache: 2 * 2 * 5 * 2 * 32 * 256 });
  });
});

describe('realizar tokenize', () => {
  test('prints ids and tokens', async () => {
    const { token_ids, num_tokens, tokens } = JSON.parse(
      (await cli(['tokenize', demoModel, 'Once upon a time', '-f', 'json'])).stdout,
    ) as { token_ids: number[]; num_tokens: number; tokens: string[] };
    expect(num_tokens).toBe(token_ids.length);
    expect(tokens.join('')).toBe('OnceĠuponĠaĠtime');
    expect((await cli(['tokenize', demoModel, 'Once upon a time'])).stdout.trimEnd().split('\n')).toHaveLength(
      num_tokens,
    );
  });

  test('control tokens are tokens, or text with --no-special', async () => {
    const count = async (...args: string[]) =>
      (
        JSON.parse((await cli(['tokenize', demoModel, '<|im_end|>', '-f', 'json', ...args])).stdout) as {
          num_tokens: number;
        }
      ).num_tokens;
    expect(await count()).toBe(1);
    expect(await count('--no-special')).toBeGreaterThan(1);
  });

  test('--jsonl answers line by line', async () => {
    const { stdout } = await cli(['tokenize', demoModel, '--jsonl'], '"a b"\n""\n"line\\nbreak"\n');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as number[]);
    expect(lines).toHaveLength(3);
    expect(lines[1]).toEqual([]);
  });

  test('--jsonl takes strings with other line ends in them', async () => {
    const { stdout } = await cli(['tokenize', demoModel, '--jsonl'], '"a\u2028b\u2029c\u0085d"\n"e"');
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  test.for(['{"a":1}', 'text', '[1]'])('--jsonl names the line that is no string: %s', async (line) => {
    await expect(cli(['tokenize', demoModel, '--jsonl'], `"ok"\n${line}\n`)).rejects.toThrow('Line 2');
  });

  test('needs a text', async () => {
    await expect(cli(['tokenize', demoModel])).rejects.toThrow('There is no text');
  });

  const vocabularies = [
    'models/tokenizers/gpt2/tokenizer.json',
    'models/llama2-tokenizer/tokenizer.model',
    'models/llama2-tokenizer/vocab.gguf',
  ].map(sharedPath);
  describeWithInputs('without a model', vocabularies, () => {
    test.for(vocabularies)('reads %s', async (path) => {
      const { num_tokens } = JSON.parse((await cli(['tokenize', path, 'Hello world', '-f', 'json'])).stdout) as {
        num_tokens: number;
      };
      expect(num_tokens).toBe(2);
    });
  });
});

test('a vocabulary that is none is refused by its name', async () => {
  for (const name of ['tokenizer.json', 'tokenizer.model'])
    await expect(cli(['tokenize', file(name, '{}'), 'Hi'])).rejects.toThrow(name);
});

describe('realizar logits', () => {
  test('writes float32 logits of every position', async () => {
    const output = join(folder, 'logits.f32');
    await cli(['logits', demoModel, '--ids', file('ids.json', '[336, 7, 19]'), '-o', output]);
    const bytes = readFileSync(output);
    const logits = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    expect(logits).toHaveLength(3 * 1536);
    expect(logits.every(Number.isFinite)).toBe(true);
  });

  test.for(['', '{}', '[]', '[1.5]', '[-1]', '["a"]'])('refuses ids that hold %s', async (ids) => {
    await expect(
      cli(['logits', demoModel, '--ids', file('bad.json', ids), '-o', join(folder, 'none.f32')]),
    ).rejects.toThrow('bad.json');
  });

  test('refuses ids outside the vocabulary', async () => {
    await expect(
      cli(['logits', demoModel, '--ids', file('far.json', '[1, 99999]'), '-o', join(folder, 'none.f32')]),
    ).rejects.toThrow('99999');
  });
});

describe('realizar perplexity', () => {
  const story =
    'Once upon a time, there was a brave mouse named Mia. She lived near the river. She liked to ask questions. ';

  test('is low for what the model has learned, and does not depend on the backend', async () => {
    const measure = async (...args: string[]) =>
      JSON.parse((await cli(['perplexity', demoModel, file('story.txt', story), '-f', 'json', ...args])).stdout) as {
        tokens: number;
        nll: number;
        perplexity: number;
      };
    const wasm = await measure();
    expect(wasm.perplexity).toBeCloseTo(Math.exp(wasm.nll), 9);
    expect(wasm.perplexity).toBeLessThan(4);
    expect((await measure('--backend', 'reference')).perplexity / wasm.perplexity).toBeCloseTo(1, 1);
  });

  test('cuts a long text into whole windows, each less than the context by one', async () => {
    const { stdout } = await cli(['perplexity', demoModel, file('long.txt', story.repeat(4)), '-c', '32']);
    expect(stdout).toMatch(/^perplexity \d+\.\d+ over \d+ tokens/);
    expect(Number(/over (\d+)/.exec(stdout)![1]) % 31).toBe(0);
  });

  test('needs two tokens, and room for them', async () => {
    await expect(cli(['perplexity', demoModel, file('story.txt', story), '-c', '2'])).rejects.toThrow('at least 3');
    await expect(cli(['perplexity', demoModel, file('short.txt', '')])).rejects.toThrow('at least 2');
  });
});

describe('realizar bench', () => {
  const args = ['bench', demoModel, '-p', '32', '-n', '8', '-r', '2'];

  test('measures prompt and generation for each number of threads', async () => {
    const rows = JSON.parse((await cli([...args, '--threads', '1,2', '-o', 'json'])).stdout) as {
      model: string;
      size_bytes: number;
      backend: string;
      threads: number;
      test: string;
      tokens_per_second: { median: number; samples: number[] };
    }[];
    expect(rows.map(({ threads, test: name }) => [threads, name])).toEqual([
      [1, 'pp32'],
      [1, 'tg8'],
      [2, 'pp32'],
      [2, 'tg8'],
    ]);
    expect(rows[0]).toMatchObject({ model: 'demo', size_bytes: 1_306_528, backend: 'wasm' });
    for (const { tokens_per_second: rate } of rows) {
      expect(rate.samples).toHaveLength(2);
      expect(rate.median).toBeGreaterThan(0);
    }
  });

  test('says where the time goes, op by op', async () => {
    const { stdout } = await cli([...args, '-p', '0', '--profile', '--threads', '1', '--backend', 'wasm']);
    expect(stdout).toContain('\ntg8, 1 threads\n');
    expect(stdout).toMatch(/^\| linear 128×384 \| \d+ \| [\d.]+ \| [\d.]+ \| [\d.]+ % \|$/m);
  });

  test.skipIf(gpuMissing !== undefined)(
    'says by which kernels a GPU multiplies, and why',
    { timeout: 60_000 },
    async () => {
      const given = ['-p', '0', '-n', '1', '-r', '1', '--profile', '--backend', 'webgpu', '--autotune', 'off'];
      const { stdout } = await cli(['bench', demoModel, ...given]);
      expect(stdout).toMatch(/\| add 384×128 q8_0 \| matvec, \d+ invocations of \d rows?(, shuffled)? \| table \|/);
      expect(stdout).toMatch(/\| add 384×128 q8_0 \| matmul, tiles of \d+×\d+ \| table \|/);
    },
  );

  test('prints a table, or CSV', async () => {
    expect((await cli([...args, '-n', '0'])).stdout.split('\n')[0]).toMatch(/^\| model \|/);
    expect((await cli([...args, '-p', '0', '-o', 'csv'])).stdout.split('\n')[1]).toMatch(/^"demo",/);
  });
});

describe('realizar doctor', () => {
  test('finds nothing wrong here', async () => {
    const { stdout } = await cli(['doctor']);
    expect(stdout).not.toContain('FAIL');
    expect(stdout).toContain('Once upon a time, there was');
    for (const backend of ['webgpu', 'wasm', 'reference'])
      expect(stdout).toMatch(new RegExp(`^(ok|-) +${backend} +\\S.*$`, 'm'));
    expect(stdout.match(/chosen by auto/g)).toHaveLength(1);
  });
});
