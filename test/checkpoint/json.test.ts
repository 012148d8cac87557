import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, parseJsonObject, type JsonLimits } from '../../src/checkpoint/json.ts';
import { expectRefusal } from '../support/refusals.ts';

const limits: JsonLimits = { name: 'file.json', maxBytes: 2 ** 20, maxDepth: 8, maxValues: 1000, offset: 8 };
const parse = (text: string | Uint8Array, changes: Partial<JsonLimits> = {}) =>
  parseJson(typeof text === 'string' ? new TextEncoder().encode(text) : text, { ...limits, ...changes });

test('any JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 2), (text, indent) => {
      const pretty = JSON.stringify(JSON.parse(text), null, indent);
      expect(parse(pretty, { maxValues: 1e6 })).toEqual(JSON.parse(pretty));
    }),
  );
});

test('any text is read or refused with a typed error', async () => {
  const pieces = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '1', 'null', '"a"', ' ', '\\u00', 'é');
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (parts) => {
      const text = parts.join('');
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        await expectRefusal(
          () => parse(text),
          expect.stringMatching(/bad-json|duplicate-name|limit-exceeded/) as never,
          'file.json',
        );
        return;
      }
      try {
        expect(parse(text)).toEqual(value);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/duplicate-name|limit-exceeded/) });
      }
    }),
    { numRuns: 2000 },
  );
});

describe('refused are', () => {
  test('more bytes than allowed', () =>
    expectRefusal(() => parse('[      ]', { maxBytes: 7 }), 'limit-exceeded', '8 bytes'));
  test('deeper nesting than allowed, at its place', () =>
    expectRefusal(() => parse('['.repeat(9)), 'limit-exceeded', 'deeper than 8', 'byte 16'));
  test('nesting of 100,000', () =>
    expectRefusal(() => parse('['.repeat(100_000) + ']'.repeat(100_000)), 'limit-exceeded', 'deeper'));
  test('more values than allowed', () =>
    expectRefusal(() => parse(`[${'0,'.repeat(1000)}0]`), 'limit-exceeded', 'more than 1000 values'));
  test('what is not JSON', () => expectRefusal(() => parse('{"a":}'), 'bad-json', 'file.json'));
  test('what is not UTF-8', () => expectRefusal(() => parse(Uint8Array.of(0x22, 0xff, 0x22)), 'bad-json', 'UTF-8'));
  test('a byte order mark', () => expectRefusal(() => parse('\uFEFF{}'), 'bad-json'));
  test.each(['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"a" : {}, "a" : []}', '[{"b":1},{"a":{},"c":1,"a":"x"}]'])(
    'a key that stands twice: %s',
    (text) => expectRefusal(() => parse(text), 'duplicate-name', 'the key a '),
  );
  test('an array where an object is expected', () =>
    expectRefusal(() => parseJsonObject(new TextEncoder().encode('[]'), limits), 'bad-json', 'object'));
});

describe('allowed are', () => {
  test('as deep as allowed', () => expect(parse('[[[[[[[[]]]]]]]]')).toEqual([[[[[[[[]]]]]]]]));
  test('the same key in two objects, and keys that are also values', () =>
    expect(parse('[{"a":"a"},{"a":["a","a"]}]')).toEqual([{ a: 'a' }, { a: ['a', 'a'] }]));
  test('brackets, quotes and colons inside texts', () =>
    expect(parse('{"[[[[[[[[[[{\\"":":","\\\\":"]"}')).toEqual({ '[[[[[[[[[[{"': ':', '\\': ']' }));
  test('a key named __proto__, which is a key like any other', () => {
    const value = parseJsonObject(new TextEncoder().encode('{"__proto__":{"polluted":1}}'), limits);
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
