import type { PreTokenizer } from './pre-tokenizer.ts';

/** Whether a text gets a space in front: every text, the one at the start of what is encoded, or none. */
export type PrependScheme = 'always' | 'first' | 'never';

/** How SentencePiece spells a space within tokens. */
export const SPACE_MARK = '▁';

/** Writes spaces as `mark`, and cuts before each of them if `split`. */
export function metaspace(mark: string, scheme: PrependScheme, split: boolean): PreTokenizer {
  return (text, atStart, emit) => {
    const marked = text.replaceAll(' ', mark);
    const prepends = (scheme === 'always' || (scheme === 'first' && atStart)) && !marked.startsWith(mark);
    const whole = prepends ? mark + marked : marked;
    if (!split || mark === '') return emit(whole, atStart);
    let start = 0;
    for (let next = whole.indexOf(mark, 1); next >= 0; next = whole.indexOf(mark, next + 1)) {
      emit(whole.slice(start, next), atStart && start === 0);
      start = next;
    }
    emit(whole.slice(start), atStart && start === 0);
  };
}

/**
 * Cuts where a word ends and spaces follow (`▁a▁▁b` → `▁a`, `▁▁b`), for vocabularies in which no token reaches across:
 * the tokens are the same, and words can be remembered.
 */
export const beforeSpaces: PreTokenizer = (text, atStart, emit) => {
  let start = 0;
  for (let next = text.indexOf(SPACE_MARK, 1); next >= 0; next = text.indexOf(SPACE_MARK, next + 1)) {
    if (text[next - 1] === SPACE_MARK) continue;
    emit(text.slice(start, next), atStart && start === 0);
    start = next;
  }
  if (start < text.length) emit(text.slice(start), atStart && start === 0);
};

/** Whether a token contains a space after something else. */
export function reachesAcrossSpaces(token: string): boolean {
  for (let at = token.indexOf(SPACE_MARK, 1); at >= 0; at = token.indexOf(SPACE_MARK, at + 1))
    if (token[at - 1] !== SPACE_MARK) return true;
  return false;
}
