import { readFile } from 'node:fs/promises';
import { openCheckpoint } from '../open-checkpoint.node.ts';
import { tokenizerFromJson, tokenizerFromSentencePiece } from '../tokenizer/index.ts';
import { tokenizerOf } from '../tokenizer/from-checkpoint.ts';
import { inFile } from '../tokenizer/in-file.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** The tokenizer of a model, of a vocabulary-only GGUF, or of a `tokenizer.json` or `tokenizer.model` alone. */
export async function openTokenizer(path: string): Promise<Tokenizer> {
  const parse = path.endsWith('.json')
    ? tokenizerFromJson
    : path.endsWith('.model')
      ? tokenizerFromSentencePiece
      : undefined;
  if (parse) {
    const bytes = await readFile(path);
    return inFile(path, () => parse(bytes));
  }
  await using checkpoint = disposable(await openCheckpoint(path));
  return tokenizerOf(checkpoint.value);
}

const disposable = <T extends { close(): Promise<void> }>(value: T) => ({
  value,
  [Symbol.asyncDispose]: () => value.close(),
});
