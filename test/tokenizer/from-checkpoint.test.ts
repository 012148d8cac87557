import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/checkpoint/checkpoint.ts';
import { tokenizerOf } from '../../src/tokenizer/from-checkpoint.ts';
import { byteLevelJson, byteLevelMetadata } from './support/small-tokenizers.ts';
import { message, string } from './support/protobuf-writer.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const checkpoint = (changes: Partial<Checkpoint>): Checkpoint => ({
  format: 'safetensors',
  name: 'model',
  byteLength: 0,
  metadata: new Map(),
  tensors: new Map(),
  companions: new Map(),
  read: () => Promise.reject(new Error('not read here')),
  close: () => Promise.resolve(),
  ...changes,
});

describe('tokenizerOf', () => {
  it('reads the metadata of a GGUF file', () => {
    expect(tokenizerOf(checkpoint({ format: 'gguf', metadata: byteLevelMetadata() })).eosId).toBe(1);
  });

  it('reads tokenizer.json with the files beside it', () => {
    const companions = new Map([
      ['tokenizer.json', bytes(byteLevelJson())],
      ['tokenizer_config.json', bytes({ eos_token: '<|end|>' })],
      ['generation_config.json', bytes({ eos_token_id: 9 })],
    ]);
    expect([...tokenizerOf(checkpoint({ companions })).endIds]).toEqual([1, 9]);
  });

  it('falls back to what config.json says about EOS, also where it names several', () => {
    const ends = (eos: number | number[]) => {
      const companions = new Map([
        ['tokenizer.json', bytes(byteLevelJson())],
        ['config.json', bytes({ eos_token_id: eos })],
      ]);
      return [...tokenizerOf(checkpoint({ companions })).endIds]; // the last is `<|end|>`, known by its name
    };
    expect(ends(4)).toEqual([4, 1]);
    expect(ends([4, 7])).toEqual([4, 7, 1]);
  });

  it('reads tokenizer.model where there is no tokenizer.json', () => {
    const companions = new Map([['tokenizer.model', Uint8Array.from(message(1, string(1, '▁')))]]);
    expect(tokenizerOf(checkpoint({ companions })).vocabSize).toBe(1);
  });

  it('says which file is missing', () => {
    expect(() => tokenizerOf(checkpoint({}))).toThrow(
      expect.objectContaining({ code: 'missing-file', message: expect.stringContaining('tokenizer.json') as string }),
    );
  });

  it('names the model whose tokenizer is broken', () => {
    const companions = new Map([['tokenizer.json', bytes({ model: 3 })]]);
    expect(() => tokenizerOf(checkpoint({ companions }))).toThrow(
      expect.objectContaining({
        code: 'bad-tokenizer',
        field: 'model',
        message: 'the tokenizer of model: model must be an object',
      }),
    );
  });
});
