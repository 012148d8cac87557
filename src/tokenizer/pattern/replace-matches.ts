import { matchAlternatives, type Alternatives } from './pattern.ts';

/** Replaces every match of a pattern by `content`. */
export function replaceMatches(text: string, alternatives: Alternatives, content: string): string {
  const parts: string[] = [];
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const end = matchAlternatives(alternatives, text, at);
    if (end > at) {
      parts.push(text.slice(copied, at), content);
      copied = at = end;
    } else at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return copied === 0 ? text : parts.join('') + text.slice(copied);
}
