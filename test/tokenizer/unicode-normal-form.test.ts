import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalForm } from '../../src/tokenizer/unicode-normal-form.ts';

const MARKS = Array.from({ length: 0x1e900 - 0x300 }, (_, i) => String.fromCodePoint(0x300 + i)).filter((character) =>
  /\p{M}/u.test(character),
);

describe('normalForm', () => {
  it('equals the built-in normalisation for long runs of marks in any order', () => {
    const runs = fc
      .array(fc.constantFrom(...MARKS), { minLength: 100, maxLength: 400 })
      .map((marks) => `e${marks.join('')}x`);
    fc.assert(
      fc.property(
        runs,
        fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'),
        (text, form) => normalForm(text, form) === text.normalize(form),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('\u0301', '\u0323', '\u0344', '\u0345', '\u0903', '\u0334'), {
          minLength: 130,
          maxLength: 200,
        }),
        (marks) => normalForm(`a${marks.join('')}`, 'NFC') === `a${marks.join('')}`.normalize('NFC'),
      ),
    );
  });

  it('puts a quarter of a million marks in order, which insertion would not finish', () => {
    const text = '\u0301\u0323'.repeat(2 ** 17);
    expect(normalForm(text, 'NFD')).toBe('\u0323'.repeat(2 ** 17) + '\u0301'.repeat(2 ** 17));
  });
});
