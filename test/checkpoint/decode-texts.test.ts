import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTexts } from '../../src/checkpoint/decode-texts.ts';
import { ByteWriter } from '../support/byte-writer.ts';

const encode = (text: string) => new TextEncoder().encode(text);

function decoded(texts: readonly Uint8Array[]): string[] {
  const writer = new ByteWriter();
  for (const text of texts) writer.string(text);
  return decodeTexts(
    writer.finish(),
    Uint32Array.from(texts, ({ length }) => length),
  );
}

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 100, maxLength: 300 }) },
);

test('texts of any length and script are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 40 }), (texts) => {
      expect(decoded(texts.map(encode))).toEqual(texts);
    }),
  );
});

test('bytes that are not UTF-8 become replacement characters, and their neighbours stay as they are', () => {
  const bytes = fc.uint8Array({ maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, text.map(encode)), { maxLength: 20 }), (texts) => {
      const alone = new TextDecoder('utf-8', { ignoreBOM: true });
      expect(decoded(texts)).toEqual(texts.map((each) => alone.decode(each)));
    }),
  );
});

test('a list of several runs is read to its end', () => {
  const texts = Array.from({ length: 5000 }, (_, i) => (i % 977 === 0 ? 'long '.repeat(40) : `▁${i}`));
  expect(decoded(texts.map(encode))).toEqual(texts);
});
