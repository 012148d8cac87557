import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { FAKE_END, FAKE_VOCAB } from './fake-model.ts';

const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** One token for each of 64 characters; `A` ends an answer and has no text. */
export const fakeTokenizer: Tokenizer = {
  vocabSize: FAKE_VOCAB,
  bosId: undefined,
  eosId: FAKE_END,
  unknownId: undefined,
  endIds: new Set([FAKE_END]),
  encode: (text) => Array.from(text, (character) => characters.indexOf(character)),
  decode: (ids) => Array.from(ids, textOf).join(''),
  bytesOf: (id) => new TextEncoder().encode(textOf(id)),
  tokenOf: (id) => characters[id]!,
  idOf: (token) => characters.indexOf(token),
  isSpecial: (id) => id === FAKE_END,
};

const textOf = (id: number) => (id === FAKE_END ? '' : characters[id]!);
