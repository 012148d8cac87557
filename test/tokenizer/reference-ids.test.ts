import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';
import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { REFERENCES, referenceTokenizer } from './support/reference.ts';

const strings = sharedPath('reference/tokenizers/strings.json');

// Texts that make naive tokenizers quadratic: at this length they would take minutes.
const LENGTH = 2 ** 18;
const MONOTONOUS: Readonly<Record<string, string>> = {
  letters: 'a'.repeat(LENGTH),
  spaces: ' '.repeat(LENGTH),
  newlines: '\n'.repeat(LENGTH),
  digits: '7'.repeat(LENGTH),
  punctuation: '!'.repeat(LENGTH),
  'Chinese characters': '今'.repeat(LENGTH / 3),
  'joined emoji': '👩‍👩‍👧‍👦'.repeat(LENGTH / 25),
  'combining marks': '\u0301\u0323'.repeat(LENGTH / 4),
  'lone surrogates': '\ud800'.repeat(LENGTH / 3),
  'beginnings of control tokens': '<|im_'.repeat(LENGTH / 5),
};

for (const [family, path] of REFERENCES) {
  describeWithInputs(`the tokenizer of ${path}`, [sharedPath(path), strings], () => {
    let tokenizer: Tokenizer;
    beforeAll(async () => {
      tokenizer = await referenceTokenizer(path);
    });

    it('gives the ids of the reference implementation for 10,000 difficult strings', () => {
      const texts = JSON.parse(readFileSync(strings, 'utf8')) as string[];
      const ids = JSON.parse(readFileSync(sharedPath(`reference/tokenizers/ids.${family}.json`), 'utf8')) as number[][];
      const different = texts.flatMap((text, i) => {
        const encoded = tokenizer.encode(text);
        return encoded.join() === ids[i]!.join() ? [] : [{ text, encoded, expected: ids[i] }];
      });
      expect(texts.length).toBeGreaterThanOrEqual(10_000);
      expect(different).toEqual([]);
    });

    it('decodes piece by piece to what it decodes at once', () => {
      const texts = (JSON.parse(readFileSync(strings, 'utf8')) as string[]).slice(0, 1500);
      for (const text of texts) {
        const ids = tokenizer.encode(text);
        const bytes = ids.flatMap((id) => [...tokenizer.bytesOf(id)]);
        const joined = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
        const whole = tokenizer.decode(ids);
        expect([joined, joined.replace(/^ /, '')]).toContain(whole);
      }
    });
  });
}

for (const path of [
  'models/tokenizers/llama3/tokenizer.json',
  'models/tokenizers/qwen2/tokenizer.json',
  'models/llama2-tokenizer/tokenizer.model',
  'reference/tokenizers/unigram-raw.model',
]) {
  describeWithInputs(`the tokenizer of ${path}`, [sharedPath(path)], () => {
    it('does not slow down on long runs of one character', async () => {
      const tokenizer = await referenceTokenizer(path);
      for (const [name, text] of Object.entries(MONOTONOUS)) {
        const ids = tokenizer.encode(text);
        expect(ids.length, name).toBeGreaterThan(0);
        expect(ids.length, name).toBeLessThanOrEqual(LENGTH * 3);
      }
    });
  });
}

const demo = ['models/demo.gguf', 'models/demo-hf/tokenizer.json'] as const;
describeWithInputs('the demo model', [...demo.map(sharedPath), strings], () => {
  it('has the same ids in its GGUF file and in its folder', async () => {
    const [fromGguf, fromJson] = await Promise.all(demo.map(referenceTokenizer));
    for (const text of JSON.parse(readFileSync(strings, 'utf8')) as string[]) {
      expect(fromGguf!.encode(text)).toEqual(fromJson!.encode(text));
    }
  });
});
