import type { Tokenizer } from './tokenizer.ts';

/** The texts of a vocabulary's control tokens. */
export function controlTokensOf(tokenizer: Pick<Tokenizer, 'vocabSize' | 'isSpecial' | 'tokenOf'>): string[] {
  const texts: string[] = [];
  for (let id = 0; id < tokenizer.vocabSize; id++) if (tokenizer.isSpecial(id)) texts.push(tokenizer.tokenOf(id));
  return texts.filter((text) => text !== '');
}

/** Matches any of these texts, the longest where several begin; nothing where there are none. */
export function anyOf(texts: readonly string[]): RegExp {
  const escaped = texts
    .toSorted((a, b) => b.length - a.length)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  return new RegExp(escaped.length > 0 ? escaped.join('|') : '(?!)', 'g');
}
