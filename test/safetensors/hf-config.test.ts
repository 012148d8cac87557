import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/checkpoint/json.ts';
import { metadataFromConfig } from '../../src/safetensors/hf-config.ts';
import { expectRefusal } from '../support/refusals.ts';

const llama: JsonObject = {
  model_type: 'llama',
  vocab_size: 128_256,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 131_072,
  rope_theta: 500_000,
  rope_scaling: null,
  hidden_act: 'silu',
  bos_token_id: 128_000,
  eos_token_id: [128_001, 128_008, 128_009],
};

const translate = (changes: JsonObject = {}) => metadataFromConfig({ ...llama, ...changes }, 'model/config.json');
const refused = (
  changes: JsonObject,
  ...expected: Parameters<typeof expectRefusal> extends [unknown, ...infer Rest] ? Rest : never
) => expectRefusal(() => translate(changes), ...expected);

test("config.json is translated to GGUF's vocabulary", () => {
  expect(Object.fromEntries(translate())).toEqual({
    'general.architecture': 'llama',
    'realizar.rope.pairing': 'half',
    'realizar.activation': 'silu',
    'llama.vocab_size': 128_256,
    'llama.embedding_length': 2048,
    'llama.feed_forward_length': 8192,
    'llama.block_count': 16,
    'llama.attention.head_count': 32,
    'llama.attention.head_count_kv': 8,
    'llama.attention.key_length': 64,
    'llama.attention.layer_norm_rms_epsilon': 1e-5,
    'llama.context_length': 131_072,
    'llama.rope.freq_base': 500_000,
    'llama.rope.dimension_count': 64,
    'tokenizer.ggml.bos_token_id': 128_000,
    'tokenizer.ggml.eos_token_id': 128_001,
  });
});

test('what config.json does not say stays unsaid, and an unknown model is passed on by name', () => {
  expect(Object.fromEntries(metadataFromConfig({ model_type: 'mamba' }, 'c'))).toEqual({
    'general.architecture': 'mamba',
    'realizar.rope.pairing': 'half',
  });
});

describe('rope scaling', () => {
  const rope = (changes: JsonObject) => {
    const entries = [...translate(changes)].filter(([key]) => key.startsWith('llama.rope.'));
    return Object.fromEntries(entries.map(([key, value]) => [key.slice('llama.rope.'.length), value]));
  };
  const base = { freq_base: 500_000, dimension_count: 64 };

  test.each(['type', 'rope_type'])('linear, spelled with %s', (spelling) => {
    expect(rope({ rope_scaling: { [spelling]: 'linear', factor: 4 } })).toEqual({
      ...base,
      'scaling.type': 'linear',
      'scaling.factor': 4,
      'scaling.original_context_length': 131_072,
    });
  });

  test('llama3', () => {
    const rope_scaling = {
      rope_type: 'llama3',
      factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    };
    expect(rope({ rope_scaling })).toEqual({
      ...base,
      'scaling.type': 'llama3',
      'scaling.factor': 32,
      'scaling.low_freq_factor': 1,
      'scaling.high_freq_factor': 4,
      'scaling.original_context_length': 8192,
    });
  });

  test('yarn, with its own magnitude where nothing else is stated', () => {
    const rope_scaling = {
      type: 'yarn',
      factor: 4,
      original_max_position_embeddings: 32_768,
      beta_fast: 16,
      beta_slow: 2,
    };
    const expected = {
      ...base,
      'scaling.type': 'yarn',
      'scaling.factor': 4,
      'scaling.original_context_length': 32_768,
      'scaling.yarn_beta_fast': 16,
      'scaling.yarn_beta_slow': 2,
    };
    expect(rope({ rope_scaling })).toEqual(expected);
    const own = 0.1 * Math.log(4) + 1;
    expect(rope({ rope_scaling: { ...rope_scaling, attention_factor: 1 } })['scaling.yarn_attn_factor']).toBeCloseTo(
      1 / own,
    );
    expect(
      rope({ rope_scaling: { ...rope_scaling, mscale: 1, mscale_all_dim: 1 } })['scaling.yarn_attn_factor'],
    ).toBeCloseTo(1 / own);
    expect(
      rope({ rope_scaling: { ...rope_scaling, factor: 1, attention_factor: 2 } })['scaling.yarn_attn_factor'],
    ).toBe(2);
  });

  test('in the place where transformers 5 has it', () => {
    const rope_parameters = { rope_type: 'linear', rope_theta: 10_000, factor: 2, partial_rotary_factor: 0.5 };
    expect(rope({ rope_theta: undefined, rope_parameters })).toMatchObject({
      freq_base: 10_000,
      dimension_count: 32,
      'scaling.type': 'linear',
      'scaling.factor': 2,
    });
    expect(rope({ rope_parameters: { rope_type: 'default', rope_theta: 7 } })).toEqual({
      freq_base: 7,
      dimension_count: 64,
    });
  });

  test('of an unknown kind is passed on by name', () =>
    expect(rope({ rope_scaling: { rope_type: 'longrope' } })['scaling.type']).toBe('longrope'));

  test('rotates a part of each head where config.json says so, else all of it', () => {
    expect(rope({ partial_rotary_factor: 0.25 })['dimension_count']).toBe(16);
    expect(rope({ head_dim: null })['dimension_count']).toBe(64);
    expect(rope({ head_dim: null, num_attention_heads: 0 })['dimension_count']).toBeUndefined();
  });

  test('yarn without whole-numbered borders is refused', () =>
    refused({ rope_scaling: { rope_type: 'yarn', factor: 2, truncate: false } }, 'bad-hparam', 'truncate'));
});

describe('the sliding window', () => {
  const window = (changes: JsonObject) =>
    translate({ sliding_window: 4096, ...changes }).get('llama.attention.sliding_window');

  test('is that of all layers', () => {
    expect(window({})).toBe(4096);
    expect(window({ layer_types: Array(16).fill('sliding_attention') })).toBe(4096);
    expect(window({ use_sliding_window: true, max_window_layers: 0 })).toBe(4096);
  });
  test('is none where it is not used', () => {
    expect(window({ sliding_window: null })).toBeUndefined();
    expect(window({ use_sliding_window: false })).toBeUndefined();
    const qwen = translate({ model_type: 'qwen2', sliding_window: 4096 });
    expect(qwen.has('qwen2.attention.sliding_window')).toBe(false);
    expect(window({ layer_types: Array(16).fill('full_attention') })).toBeUndefined();
    expect(window({ use_sliding_window: true, max_window_layers: 16 })).toBeUndefined();
  });
  test('of some layers is refused', async () => {
    await refused(
      { sliding_window: 8, layer_types: ['full_attention', 'sliding_attention'] },
      'bad-hparam',
      'sliding_window',
    );
    await refused(
      { sliding_window: 8, use_sliding_window: true, max_window_layers: 8 },
      'bad-hparam',
      'sliding_window',
    );
  });
});

describe('refused with the name of the field is', () => {
  test.each([undefined, null])('a config.json without model_type: %s', (model_type) =>
    refused({ model_type }, 'missing-metadata', 'model_type'),
  );
  test.each<[string, JsonObject]>([
    ['model_type', { model_type: 7 }],
    ['hidden_size', { hidden_size: '2048' }],
    ['hidden_size', { hidden_size: 2048.5 }],
    ['num_hidden_layers', { num_hidden_layers: Infinity }],
    ['num_attention_heads', { num_attention_heads: [32] }],
    ['rms_norm_eps', { rms_norm_eps: '1e-5' }],
    ['rope_theta', { rope_theta: {} }],
    ['rope_scaling', { rope_scaling: 'linear' }],
    ['rope_scaling: factor', { rope_scaling: { type: 'linear', factor: 'x' } }],
    ['eos_token_id', { eos_token_id: ['</s>'] }],
    ['bos_token_id', { bos_token_id: 1.5 }],
    ['use_sliding_window', { sliding_window: 4, use_sliding_window: 'no' }],
    ['layer_types', { sliding_window: 4, layer_types: 'full' }],
  ])('a wrong %s', (field, changes) => refused(changes, 'bad-hparam', 'model/config.json', field));
  test('a quantised model, with the way out', () =>
    refused({ quantization_config: { quant_method: 'gptq', bits: 4 } }, 'unsupported-dtype', 'gptq', 'GGUF'));
});

test('inherited properties are no fields', () => {
  const config = Object.assign(Object.create({ head_dim: 7 }) as object, { model_type: 'llama' }) as JsonObject;
  expect(metadataFromConfig(config, 'c').has('llama.attention.key_length')).toBe(false);
});
