import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RealizarError } from '../../../src/errors.ts';
import { type Defines, link } from '../../../src/backend/webgpu/link.ts';

const linked = (text: string, defines: Defines = {}, others: Record<string, string> = {}) =>
  link('main', defines, { main: text, ...others });

function refusal(text: string, defines: Defines = {}): RealizarError {
  try {
    linked(text, defines);
  } catch (error) {
    if (error instanceof RealizarError && error.code === 'shader-error') return error;
    throw error;
  }
  throw new Error('it was linked');
}

describe('link', () => {
  test('puts the values of defines in their places, and leaves the rest alone', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string({ unit: fc.constantFrom('a', ' ', '{', '}', ';') }), (n, text) => {
        expect(linked(`x${text}y {{N}} z`, { N: n })).toBe(`x${text}y ${n} z`);
      }),
    );
  });

  test('takes the lines of the branch that holds', () => {
    const text = '#if N == 1\none\n#elif N < 4\nfew\n#else\nmany\n#endif';
    expect([1, 2, 4].map((N) => linked(text, { N }))).toEqual(['one', 'few', 'many']);
  });

  test('includes a file once for each list of defines that it is given', () => {
    const text = '#include "part" with W=a\n#include "part" with W=b\n#include "part" with W=a\n#include "part"';
    expect(linked(text, { W: 'c' }, { part: '{{W}}' })).toBe('a\nb\nc');
    expect(refusal('#include part').message).toContain('has to read as');
  });

  test('knows names, their opposite, words and both junctions', () => {
    const isTrue = (condition: string) =>
      linked(`#if ${condition}\nyes\n#endif`, { A: true, B: 0, DTYPE: 'q4_0', N: 3, M: 3 });
    for (const yes of [
      'A',
      '!B',
      'DTYPE == q4_0',
      'DTYPE != q8_0',
      'N == M',
      'A && N > 2',
      'B || N <= 3',
      'B && B || A',
      'N >= 3',
      '1 < 2',
    ]) {
      expect(isTrue(yes), yes).toBe('yes');
    }
    for (const no of ['!A', 'B', 'A && B', 'B || N != 3', 'N > M', 'A == false']) expect(isTrue(no), no).toBe('');
  });

  test('skips directives inside of branches that do not hold', () => {
    expect(linked('#if A\n#include "nowhere"\n#if B\nb\n#else\nc\n#endif\n{{D}}\n#endif\nend', { A: false })).toBe(
      'end',
    );
  });

  test('includes a file once, wherever it is asked for', () => {
    const others = { 'lib/a': 'a {{N}}', 'dtype/q4_0': '#include "lib/a"\nq' };
    expect(linked('#include "dtype/{{DTYPE}}"\n#include "lib/a"\nend', { DTYPE: 'q4_0', N: 1 }, others)).toBe(
      'a 1\nq\nend',
    );
  });

  test('includes a file with other defines again', () => {
    const others = { 'dtype/q': '#include "lib/a"\n{{W}} {{N}}', 'lib/a': 'a' };
    const text = '#include "dtype/q" with W=w0 N=2\n#include "dtype/q" with W=w1\n#include "dtype/q" with W=w1';
    expect(linked(text, { N: 1 }, others).split('\n')).toEqual(['a', 'w0 2', 'w1 1']);
  });

  test('repeats lines for every number of a range, one range inside another', () => {
    const text = '#for r in 0..{{R}}\n#for c in 1..3\nm{{r}}{{c}}\n#endfor\n#if r == 1\nlast\n#endif\n#endfor';
    expect(linked(text, { R: 2 }).split('\n')).toEqual(['m01', 'm02', 'm11', 'm12', 'last']);
  });

  test('names the file and the line of what it cannot link', () => {
    const mistakes: readonly (readonly [string, RegExp])[] = [
      ['a\n{{MISSING}}', /main\.wgsl:2: MISSING is not defined/],
      ['#if MISSING > 1\n#endif', /main\.wgsl:1: MISSING is not defined/],
      ['#if N < big\n#endif', /no numbers/],
      ['#if (N)\n#endif', /is no condition/],
      ['#if N', /main\.wgsl:1: #if without #endif/],
      ['#endif', /none is open/],
      ['#else', /none is open/],
      ['#endfor', /#endfor without #for/],
      ['#for r in 0..2', /#for without #endfor/],
      ['#for r of 2\n#endfor', /has to read as/],
      ['#include lib/none', /has to read as/],
      ['#include "lib/none"', /lib\/none\.wgsl:0: there is no such shader/],
    ];
    for (const [text, message] of mistakes) expect(refusal(text, { N: 1 }).message).toMatch(message);
  });
});
