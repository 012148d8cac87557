import { anyOf, controlTokensOf } from './control-tokens.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { PromptSegment } from './untrusted-text.ts';

/**
 * A rendered chat as token ids: the template's control tokens become ids, those in messages stay text.
 *
 * Where no message looks like a control token, this is `tokenizer.encode` of the whole prompt. Otherwise the text
 * between the two trusted control tokens around the look-alike is encoded as plain text, in one piece.
 *
 * @param segments from `ChatTemplate.renderSegments`
 */
export function encodeChat(tokenizer: Tokenizer, segments: readonly PromptSegment[]): number[] {
  const trusted = segments.every((segment) => segment.trusted);
  const stretches = trusted
    ? segments.map(({ text }) => ({ text, plain: false }))
    : betweenControls(segments, controlTokensOf(tokenizer));

  const ids: number[] = [];
  for (const { text, plain } of joined(stretches))
    for (const id of tokenizer.encode(text, { parseSpecial: !plain })) ids.push(id);
  return ids;
}

interface Stretch {
  readonly text: string;
  /** Whether it holds text that must not be parsed. */
  readonly plain: boolean;
}

/** Cuts a prompt at its trusted control tokens, which are stretches of their own. */
function betweenControls(segments: readonly PromptSegment[], controls: readonly string[]): Stretch[] {
  const control = new RegExp(`(${anyOf(controls).source})`);
  const stretches: Stretch[] = [];
  let current: Stretch = { text: '', plain: false };
  for (const { text, trusted } of segments) {
    for (const [i, part] of (trusted ? text.split(control) : [text]).entries()) {
      if (i % 2 === 0) {
        current = { text: current.text + part, plain: current.plain || !trusted };
        continue;
      }
      stretches.push(current, { text: part, plain: false });
      current = { text: '', plain: false };
    }
  }
  return [...stretches, current];
}

/** Neighbours of a kind become one: text is tokenised the better the more of it is in one piece. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const { text, plain } of stretches) {
    if (text === '') continue;
    if (result.at(-1)?.plain === plain) result.push({ text: result.pop()!.text + text, plain });
    else result.push({ text, plain });
  }
  return result;
}
