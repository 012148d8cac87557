import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RealizarError } from '../../src/errors.ts';
import { TextStream } from '../../src/tokenizer/text-stream.ts';
import type { TextStreamOptions } from '../../src/tokenizer/text-stream.ts';

const utf8 = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** Tokens are given by their bytes. `▁` leads: like SentencePiece, `decode` leaves out the first space of a text. */
const tokenizerOf = (vocabulary: readonly Uint8Array[], leadingSpace: 'kept' | 'dropped' = 'kept') => ({
  bytesOf: (id: number) => vocabulary[id]!,
  decode: (ids: Iterable<number>) => {
    const bytes = Uint8Array.from([...ids].flatMap((id) => [...vocabulary[id]!]));
    return utf8(leadingSpace === 'dropped' && bytes[0] === 0x20 ? bytes.subarray(1) : bytes);
  },
});

/** Streams texts as tokens; the joined answer, the pieces, and the stop string. */
function streamed(tokens: readonly (string | Uint8Array)[], options: TextStreamOptions = {}) {
  const vocabulary = tokens.map((token) => (typeof token === 'string' ? new TextEncoder().encode(token) : token));
  const stream = new TextStream(tokenizerOf(vocabulary), options);
  const deltas = [...vocabulary.map((_, id) => stream.push(id)), stream.end()];
  return {
    pieces: deltas.map(({ text }) => text),
    text: deltas.map(({ text }) => text).join(''),
    stop: deltas.find(({ stop }) => stop !== undefined)?.stop,
  };
}

/** Pieces of characters, whole characters, and bytes that are no UTF-8. */
const anyToken = fc.oneof(
  fc.uint8Array({ maxLength: 4 }),
  fc.string({ unit: 'binary', maxLength: 4 }).map((text) => new TextEncoder().encode(text)),
  fc
    .constantFrom([0xef, 0xbb, 0xbf], [0xf0, 0x9f], [0x8e, 0x82], [0xe4], [0xbb, 0x8a], [0xc3], [0xff], [0x20])
    .map((bytes) => Uint8Array.from(bytes)),
);
const anyVocabulary = fc.array(anyToken, { minLength: 1, maxLength: 12 });
const anyIds = fc.array(fc.nat(11), { maxLength: 40 });

describe('whole characters', () => {
  test('the pieces of any tokens, joined, are the decoded text', () => {
    fc.assert(
      fc.property(
        anyVocabulary,
        anyIds,
        fc.constantFrom('kept' as const, 'dropped' as const),
        (vocabulary, numbers, leadingSpace) => {
          const ids = numbers.map((n) => n % vocabulary.length);
          const tokenizer = tokenizerOf(vocabulary, leadingSpace);
          const stream = new TextStream(tokenizer, { startOfText: true });
          const pieces = [...ids.map((id) => stream.push(id).text), stream.end().text];
          expect(pieces.join('')).toBe(tokenizer.decode(ids));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('a character split over tokens comes with its last byte', () => {
    const [a, b, c] = [[0xf0, 0x9f], [0x8e], [0x82]].map((bytes) => Uint8Array.from(bytes));
    expect(streamed([a!, b!, c!]).pieces).toEqual(['', '', '🎂', '']);
  });

  test('a character that cannot be completed any more becomes U+FFFD at once', () => {
    expect(streamed([Uint8Array.of(0xf0, 0x9f), 'x']).pieces).toEqual(['', '\ufffdx', '']);
  });

  test('a character that is never completed becomes U+FFFD at the end', () => {
    expect(streamed(['a', Uint8Array.of(0xe4, 0xbb)]).pieces).toEqual(['a', '', '\ufffd']);
  });

  test('a text that goes on keeps the space of its first token', () => {
    const stream = new TextStream(tokenizerOf([new TextEncoder().encode(' and')], 'dropped'));
    expect(stream.push(0).text).toBe(' and');
  });

  test('a text that begins loses only the first of two spaces, and control tokens before it do not count', () => {
    const vocabulary = ['', '  and', ' so'].map((text) => new TextEncoder().encode(text));
    const stream = new TextStream(tokenizerOf(vocabulary, 'dropped'), { startOfText: true });
    expect([0, 1, 2].map((id) => stream.push(id).text)).toEqual(['', ' and', ' so']);
  });
});

describe('stop strings', () => {
  test('one inside a token ends the text before it', () => {
    expect(streamed(['Hello', ' wor.ld', '!'], { stop: ['.'] })).toEqual({
      pieces: ['Hello', ' wor', '', ''],
      text: 'Hello wor',
      stop: '.',
    });
  });

  test('one that begins in one token and ends in another is found, and nothing of it is given out', () => {
    expect(streamed(['a<', '|e', 'nd|', '>b'], { stop: ['<|end|>'] }).pieces).toEqual(['a', '', '', '', '']);
  });

  test('what only looked like one is given out as soon as that is known', () => {
    expect(streamed(['a<', '|e', 'x'], { stop: ['<|end|>'] }).pieces).toEqual(['a', '', '<|ex', '']);
  });

  test('a beginning of one at the end of the text is given out at the end', () => {
    expect(streamed(['so ', 'on<|'], { stop: ['<|end|>'] }).pieces).toEqual(['so ', 'on', '<|']);
  });

  test('of overlapping candidates the one that is complete first wins, and of those the longest', () => {
    expect(streamed(['xabcy'], { stop: ['abcd', 'bc', 'abc', 'c'] })).toMatchObject({ text: 'x', stop: 'abc' });
  });

  test('one made of U+FFFD can end in the last bytes', () => {
    expect(streamed(['a', Uint8Array.of(0xe4)], { stop: ['\ufffd'] })).toMatchObject({ text: 'a', stop: '\ufffd' });
  });

  test('nothing follows a stop string', () => {
    expect(streamed(['a.', 'b', Uint8Array.of(0xe4)], { stop: ['.'] }).text).toBe('a');
  });

  test('any text, cut into any tokens, ends before the stop string that ends first', () => {
    const letters = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '🎂'), maxLength: 3 }), {
      maxLength: 12,
    });
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '🎂'), minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(letters, stops, (tokens, stop) => {
        const text = tokens.join('');
        const ends = stop.filter((s) => text.includes(s)).map((s) => ({ s, end: text.indexOf(s) + s.length }));
        ends.sort((x, y) => x.end - y.end || y.s.length - x.s.length);
        const found = ends[0];
        const expected = found
          ? { text: text.slice(0, found.end - found.s.length), stop: found.s }
          : { text, stop: undefined };
        expect(streamed(tokens, { stop })).toMatchObject(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('a thousand of them cost no more than one per character', () => {
    const stop = Array.from({ length: 1000 }, (_, i) => `${'a'.repeat(40)}${i}`);
    const tokens = Array.from({ length: 200 }, () => 'a'.repeat(50));
    expect(streamed(tokens, { stop }).text).toBe('a'.repeat(10_000));
  });

  test.each([
    ['empty', ['a', '']],
    ['half a character', ['\ud83c']],
    ['far too long', ['a'.repeat(100_000)]],
  ])('one that is %s is refused', (_, stop) => {
    const open = () => new TextStream(tokenizerOf([]), { stop });
    expect(open).toThrow(RealizarError);
    expect(open).toThrow(expect.objectContaining({ code: 'invalid-argument', field: 'stop' }));
  });
});
