import type { Candidates } from './candidates.ts';
import { adjust } from './candidates.ts';

export interface DryOptions {
  /** 0: off */
  readonly multiplier: number;
  /** Growth of the penalty per repeated token; below 1: off */
  readonly base: number;
  /** Repetitions shorter than this cost nothing. */
  readonly allowedLength: number;
  /** How many of the latest tokens are searched; -1: all, 0: off. */
  readonly lastN: number;
  /** Tokens that no repetition reaches across. */
  readonly breakerIds: ReadonlySet<number>;
}

/** ln of the largest float32: the exponent is limited so that a penalty stays finite. */
const MAX_LOG_PENALTY = 88.7228391;

/**
 * "Don't repeat yourself": a token that would extend a repetition of length n loses multiplier · base^(n - allowedLength).
 *
 * @param history all tokens so far, newest last
 * @see https://github.com/oobabooga/text-generation-webui/pull/5677 and llama.cpp's llama_sampler_dry
 */
export function dry(candidates: Candidates, history: ArrayLike<number>, options: DryOptions): Candidates {
  const { multiplier, base, allowedLength } = options;
  if (multiplier === 0 || base < 1) return candidates;
  const repeats = repeatsExtendedBy(history, options);
  if (repeats.size === 0) return candidates;

  const maxExponent = base > 1.000001 ? Math.floor(MAX_LOG_PENALTY / Math.log(base)) : Infinity;
  return adjust(
    candidates,
    repeats,
    (logit, length) => logit - multiplier * base ** Math.min(length - allowedLength, maxExponent),
  );
}

/** For each token that followed an earlier occurrence of the text's end: the longest such end, if long enough to matter. */
function repeatsExtendedBy(
  history: ArrayLike<number>,
  { allowedLength, lastN, breakerIds }: DryOptions,
): Map<number, number> {
  const size = lastN < 0 ? history.length : Math.min(lastN, history.length);
  const newestFirst = Int32Array.from({ length: size }, (_, i) => history[history.length - 1 - i]!);
  const breaker = newestFirst.findIndex((id) => breakerIds.has(id));
  const longest = breaker < 0 ? size : breaker;

  const repeats = new Map<number, number>();
  if (size <= allowedLength || longest < allowedLength) return repeats;
  const matches = zFunction(newestFirst);
  for (let i = 1; i < size; i++) {
    const length = Math.min(matches[i]!, longest);
    const next = newestFirst[i - 1]!;
    if (length >= allowedLength && length > (repeats.get(next) ?? -1)) repeats.set(next, length);
  }
  return repeats;
}

/**
 * For each place, how many items from there on equal the beginning of the sequence. Linear time.
 * @see Gusfield 1997, "Algorithms on Strings, Trees and Sequences", §1.4
 */
export function zFunction(sequence: Int32Array): Int32Array {
  const z = new Int32Array(sequence.length);
  let left = 0;
  let right = 0; // [left, right) is the match that reaches furthest
  for (let i = 1; i < sequence.length; i++) {
    let length = i < right ? Math.min(right - i, z[i - left]!) : 0;
    while (i + length < sequence.length && sequence[length] === sequence[i + length]) length++;
    z[i] = length;
    if (i + length > right) [left, right] = [i, i + length];
  }
  return z;
}
