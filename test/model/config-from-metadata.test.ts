import { describe, expect, test } from 'vitest';
import { configFromMetadata } from '../../src/model/config-from-metadata.ts';
import { llamaMetadata } from './metadata.ts';

describe('configFromMetadata', () => {
  test('reads the shape of a model', () => {
    expect(configFromMetadata(llamaMetadata())).toMatchObject({
      architecture: 'llama',
      vocabSize: 32,
      hiddenSize: 64,
      intermediateSize: 96,
      numLayers: 2,
      numHeads: 4,
      numKvHeads: 2,
      headDim: 16,
      contextLength: 512,
      normEps: 1e-5,
      slidingWindow: undefined,
      rope: { pairing: 'interleaved', dimensions: 16, magnitude: 1 },
    });
  });

  test('takes as many key heads as heads, and a rope base of 10,000, where the file does not say', () => {
    const config = configFromMetadata(
      llamaMetadata({ 'llama.attention.head_count_kv': undefined, 'llama.rope.freq_base': undefined }),
    );
    expect(config.numKvHeads).toBe(4);
    expect(config.rope.frequencies[1]).toBeCloseTo(10000 ** (-2 / 16), 12);
  });

  test('reads a head size that is not hidden size over heads, and a window', () => {
    const config = configFromMetadata(
      llamaMetadata({
        'llama.attention.key_length': 32,
        'llama.attention.value_length': 32,
        'llama.attention.sliding_window': 24,
      }),
    );
    expect(config).toMatchObject({ headDim: 32, slidingWindow: 24, rope: { dimensions: 32 } });
  });

  test('takes a window of 0 for none', () => {
    expect(configFromMetadata(llamaMetadata({ 'llama.attention.sliding_window': 0 })).slidingWindow).toBeUndefined();
  });

  test('counts the vocabulary by its tokens where the file has them', () => {
    const metadata = llamaMetadata({ 'llama.vocab_size': undefined, 'tokenizer.ggml.tokens': ['a', 'b', 'c'] });
    expect(configFromMetadata(metadata).vocabSize).toBe(3);
  });

  test('reads a list that has the same number for every layer', () => {
    const heads = { 'llama.attention.head_count_kv': Int32Array.of(2, 2), 'llama.feed_forward_length': [96, 96] };
    expect(configFromMetadata(llamaMetadata(heads))).toMatchObject({ numKvHeads: 2, intermediateSize: 96 });
    const wide = { 'llama.attention.head_count_kv': BigUint64Array.of(2n, 2n) };
    expect(configFromMetadata(llamaMetadata(wide))).toMatchObject({ numKvHeads: 2 });
  });

  test('lets a folder say that its rows pair by halves', () => {
    expect(configFromMetadata(llamaMetadata({ 'realizar.rope.pairing': 'half' })).rope.pairing).toBe('half');
  });

  test('names the architectures it knows when it meets another, without what a terminal would obey', () => {
    expect(() => configFromMetadata(llamaMetadata({ 'general.architecture': 'mam\u001bba' }))).toThrow(
      expect.objectContaining({
        code: 'unknown-architecture',
        message: expect.stringMatching(/"mam\?ba".*llama, mistral, qwen2, qwen3/),
      }),
    );
  });

  test.each([
    'general.architecture',
    'llama.embedding_length',
    'llama.block_count',
    'llama.attention.head_count',
    'llama.vocab_size',
  ])('misses %s by name', (key) => {
    expect(() => configFromMetadata(llamaMetadata({ [key]: undefined }))).toThrow(
      expect.objectContaining({ code: 'missing-metadata', field: key, message: expect.stringContaining(key) }),
    );
  });

  test.each([
    ['llama.block_count', 0],
    ['llama.block_count', 2 ** 32 - 1],
    ['llama.block_count', 'two'],
    ['llama.block_count', 1.5],
    ['llama.block_count', true],
    ['llama.block_count', 2n ** 60n],
    ['llama.embedding_length', 0],
    ['llama.embedding_length', 2 ** 32],
    ['llama.feed_forward_length', 2 ** 32],
    ['llama.feed_forward_length', [96, 128]],
    ['llama.feed_forward_length', []],
    ['llama.attention.head_count', 0],
    ['llama.attention.head_count', -4],
    ['llama.attention.head_count', 6],
    ['llama.attention.head_count', 64],
    ['llama.attention.head_count_kv', 0],
    ['llama.attention.head_count_kv', 3],
    ['llama.attention.head_count_kv', 8],
    ['llama.attention.key_length', 0],
    ['llama.attention.key_length', 2 ** 32],
    ['llama.attention.value_length', 8],
    ['llama.attention.sliding_window', -1],
    ['llama.context_length', 0],
    ['llama.context_length', 2 ** 40],
    ['llama.vocab_size', 2 ** 32],
    ['llama.attention.layer_norm_rms_epsilon', Number.NaN],
    ['llama.attention.layer_norm_rms_epsilon', 0],
    ['llama.attention.layer_norm_rms_epsilon', -1e-5],
    ['llama.rope.freq_base', Number.NaN],
    ['llama.rope.freq_base', Infinity],
    ['llama.rope.freq_base', 1],
    ['llama.rope.dimension_count', 7],
    ['llama.rope.dimension_count', 0],
    ['llama.rope.dimension_count', 18],
    ['realizar.rope.pairing', 'thirds'],
    ['realizar.activation', 'gelu'],
    ['llama.rope.scaling.type', 7],
    ['llama.rope.scaling.type', 'longrope'],
    ['tokenizer.ggml.tokens', []],
  ])('refuses %s = %s by name', (key, value) => {
    expect(() => configFromMetadata(llamaMetadata({ [key]: value }))).toThrow(
      expect.objectContaining({ name: 'RealizarError', field: key, message: expect.stringContaining(key) }),
    );
  });

  test('refuses a vocabulary size that is not the number of tokens', () => {
    expect(() => configFromMetadata(llamaMetadata({ 'tokenizer.ggml.tokens': ['a', 'b'] }))).toThrow(
      expect.objectContaining({ code: 'bad-hparam', message: expect.stringMatching(/32 tokens.*2 listed/) }),
    );
  });

  test('refuses heads of an odd number of dimensions', () => {
    expect(() =>
      configFromMetadata(llamaMetadata({ 'llama.attention.key_length': 15, 'llama.attention.value_length': 15 })),
    ).toThrow(expect.objectContaining({ code: 'bad-hparam', field: 'llama.rope.dimension_count' }));
  });
});
