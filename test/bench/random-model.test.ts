import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mixedDType, writeRandomModel } from '../../bench/support/random-model.ts';
import { loadEngine } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'realizar-random-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('mixedDType', () => {
  it('takes the layers that llama.cpp takes: the first and last eighth and every third between', () => {
    const layers = Array.from({ length: 22 }, (_, i) => i);
    const six = layers.filter((i) => mixedDType(`blk.${i}.ffn_down`, 22) === 'q6_k');
    expect(six).toEqual([0, 1, 4, 7, 10, 13, 16, 19, 20, 21]);
    expect(layers.filter((i) => mixedDType(`blk.${i}.attn_v`, 22) === 'q6_k')).toEqual(six);
  });

  it('takes six bits for the output head and four for the rest', () => {
    expect(mixedDType('output', 22)).toBe('q6_k');
    for (const name of ['token_embd', 'blk.0.attn_q', 'blk.0.attn_k', 'blk.0.ffn_gate'])
      expect(mixedDType(name, 22)).toBe('q4_k');
  });
});

describe('writeRandomModel', () => {
  it('writes a mix that runs, with finite logits', async () => {
    const path = join(folder, 'mix.gguf');
    writeRandomModel(path, { hidden: 256, layers: 2, heads: 4, kvHeads: 2, intermediate: 512, vocab: 300 }, 'q4_k_m');
    await using engine = await loadEngine(path, { backend: 'wasm', threads: 1 });
    for await (const logits of engine.logits([1, 270, 280])) {
      expect(logits.every(Number.isFinite)).toBe(true);
      expect(new Set(logits).size).toBeGreaterThan(500);
    }
  });
});
