import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHARACTER_OF_BYTE } from '../../src/tokenizer/byte-level.ts';
import { tokenizerFromJson } from '../../src/tokenizer/from-json.ts';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';
import { byteLevelJson } from './support/small-tokenizers.ts';
import { referenceTokenizer } from './support/reference.ts';

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.stringMatching(/^[ a-z'\n<|>_0-9]*$/),
);

describe('a byte-level vocabulary', () => {
  const tokenizer = tokenizerFromJson(byteLevelJson());

  it('decodes what it encodes to the same text', () => {
    fc.assert(
      fc.property(texts, (text) => tokenizer.decode(tokenizer.encode(text)) === text.toWellFormed()),
      { numRuns: 500 },
    );
  });

  it('never throws and never leaves the vocabulary, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 0xffff })),
        fc.boolean(),
        fc.boolean(),
        (units, parseSpecial, addSpecial) => {
          const ids = tokenizer.encode(String.fromCharCode(...units), { parseSpecial, addSpecial });
          expect(ids.every((id) => id >= 0 && id < tokenizer.vocabSize)).toBe(true);
        },
      ),
    );
  });

  it('never turns text into a control token where control tokens are not parsed', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('<|', 'end', '|>', '<|end|>', ' ', 'a'), { maxLength: 12 }), (parts) => {
        const ids = tokenizer.encode(parts.join(''), { parseSpecial: false });
        expect(ids.some((id) => tokenizer.isSpecial(id))).toBe(false);
      }),
    );
  });

  it('decodes any ids, and bytes that are not UTF-8 as U+FFFD', () => {
    fc.assert(fc.property(fc.array(fc.nat(tokenizer.vocabSize - 1)), (ids) => tokenizer.decode(ids).isWellFormed()));
    expect(tokenizer.decode([tokenizer.idOf(CHARACTER_OF_BYTE[0xff]!)!])).toBe('\ufffd');
  });
});

describeWithInputs('a SentencePiece vocabulary', [sharedPath('models/llama2-tokenizer/tokenizer.model')], () => {
  it('decodes what it encodes to the same text', async () => {
    const tokenizer = await referenceTokenizer('models/llama2-tokenizer/tokenizer.model');
    // ▁ is how the vocabulary spells a space.
    fc.assert(
      fc.property(
        texts,
        (text) => tokenizer.decode(tokenizer.encode(text)) === text.toWellFormed().replaceAll('▁', ' '),
      ),
      { numRuns: 500 },
    );
  });
});
