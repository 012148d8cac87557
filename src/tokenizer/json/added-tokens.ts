import type { AddedToken } from '../added-tokens.ts';
import { MAX_TOKENS } from '../vocabulary.ts';
import { arrayAt, booleanAt, idAt, objectAt, stringAt } from './fields.ts';

export interface JsonAddedToken extends AddedToken {
  /** Found in the normalised text, not in the text as it was written. */
  readonly normalized: boolean;
}

/** The list `added_tokens` of a tokenizer.json. @throws RealizarError `bad-tokenizer` */
export function jsonAddedTokens(value: unknown): JsonAddedToken[] {
  if (value === undefined || value === null) return [];
  return arrayAt(value, 'added_tokens').map((item, index) => {
    const field = `added_tokens[${index}]`;
    const json = objectAt(item, field);
    const flag = (name: string, fallback = false): boolean => booleanAt(json[name], `${field}.${name}`, fallback);
    const content = stringAt(json['content'], `${field}.content`);
    return {
      id: idAt(json['id'], `${field}.id`, MAX_TOKENS),
      content,
      control: flag('special') || looksLikeControl(content),
      leftStrip: flag('lstrip'),
      rightStrip: flag('rstrip'),
      singleWord: flag('single_word'),
      normalized: flag('normalized', !flag('special')),
    };
  });
}

/** `<|fim_prefix|>` steers the model even where a file does not call it special. */
const looksLikeControl = (content: string): boolean => /^(?:<\|.*\|>|<｜.*｜>)$/s.test(content);
