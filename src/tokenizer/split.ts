import { matchAlternatives, type Alternatives } from './pattern/pattern.ts';
import { parsePattern } from './pattern/parse-pattern.ts';
import type { PreTokenizer } from './pre-tokenizer.ts';

/** What becomes of the matches of a pattern and of what lies between them; the names are those of tokenizer.json. */
export type SplitBehavior = 'Isolated' | 'Removed' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

/** Cuts at the matches of a regular expression. @throws RealizarError `unsupported-tokenizer` as `parsePattern` */
export function splitByPattern(source: string, behavior: SplitBehavior = 'Isolated', inverted = false): PreTokenizer {
  return splitByAlternatives(parsePattern(source), behavior, inverted);
}

export function splitByAlternatives(
  alternatives: Alternatives,
  behavior: SplitBehavior,
  inverted: boolean,
): PreTokenizer {
  return (text, atStart, emit) => {
    // A piece waits here until what follows it can no longer join it.
    let start = 0;
    let end = 0;
    let lastMatched = false;
    const flush = (): void => {
      if (end > start) emit(text.slice(start, end), atStart && start === 0);
      start = end;
    };
    const add = (to: number, found: boolean): void => {
      const matched = found !== inverted;
      if (matched && behavior === 'Removed') {
        flush();
        start = end = to;
        return;
      }
      const joins = joinsPrevious(behavior, matched, lastMatched);
      if (!joins) flush();
      end = to;
      lastMatched = matched;
    };

    let gap = 0;
    let at = 0;
    while (at < text.length) {
      const to = matchAlternatives(alternatives, text, at);
      if (to > at) {
        if (at > gap) add(at, false);
        add(to, true);
        gap = at = to;
      } else at += text.codePointAt(at)! > 0xffff ? 2 : 1;
    }
    if (at > gap) add(at, false);
    flush();
  };
}

function joinsPrevious(behavior: SplitBehavior, matched: boolean, lastMatched: boolean): boolean {
  if (behavior === 'Contiguous') return matched === lastMatched;
  if (behavior === 'MergedWithPrevious') return matched && !lastMatched;
  return behavior === 'MergedWithNext' && lastMatched && !matched;
}
