import type { Defines } from './link.ts';

type Value = number | boolean | string;
type Fail = (why: string) => Error;

const COMPARISON = /^(\S+)\s*(==|!=|<=|>=|<|>)\s*(\S+)$/;

/** Whether the condition of an `#if` holds: comparisons and names, joined by `&&` and, weaker, `||`. */
export function holds(condition: string, defines: Defines, fail: Fail): boolean {
  return condition.split('||').some((all) =>
    all
      .split('&&')
      .map((term) => isTrue(term.trim(), defines, fail))
      .every(Boolean),
  );
}

function isTrue(term: string, defines: Defines, fail: Fail): boolean {
  const [, left, operator, right] = COMPARISON.exec(term) ?? [];
  if (left === undefined || operator === undefined || right === undefined) {
    const [, not, name] = /^(!?)\s*(\w+)$/.exec(term) ?? [];
    if (name === undefined) throw fail(`${term || 'nothing'} is no condition`);
    return Boolean(valueOf(name, defines, fail)) !== (not === '!');
  }
  const a = valueOf(left, defines, fail);
  // A word on the right that is not a define stands for itself: `DTYPE == q4_0`.
  const b = Object.hasOwn(defines, right) ? defines[right]! : literal(right);
  if (operator === '==') return a === b;
  if (operator === '!=') return a !== b;
  if (typeof a !== 'number' || typeof b !== 'number') throw fail(`${term} compares what are no numbers`);
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function valueOf(word: string, defines: Defines, fail: Fail): Value {
  if (Object.hasOwn(defines, word)) return defines[word]!;
  const value = literal(word);
  if (typeof value === 'string') throw fail(`${word} is not defined`);
  return value;
}

function literal(word: string): Value {
  if (word === 'true' || word === 'false') return word === 'true';
  return /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : word;
}
