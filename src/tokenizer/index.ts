/**
 * Text ↔ token ids, as the models themselves do it.
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { tokenizerFromJson } from 'realizar/tokenizer';
 *
 * const tokenizer = tokenizerFromJson(await readFile('model/tokenizer.json'));
 * const ids = tokenizer.encode('Once upon a time');
 * console.log(ids, tokenizer.decode(ids));
 *
 * @module
 */
export { bpeTokenizer, characterTokenizer, unigramTokenizer } from './classic.ts';
export { tokenizerFromGguf } from './from-gguf.ts';
export { tokenizerFromJson } from './from-json.ts';
export { tokenizerFromSentencePiece } from './from-sentencepiece.ts';
export type { DecodeOptions, EncodeOptions, Tokenizer } from './tokenizer.ts';
