import { readFileSync } from 'node:fs';
import { memorySource } from '../../../src/checkpoint/byte-source.ts';
import { openGguf } from '../../../src/gguf/index.ts';
import { tokenizerFromGguf } from '../../../src/tokenizer/from-gguf.ts';
import { tokenizerFromJson } from '../../../src/tokenizer/from-json.ts';
import { tokenizerFromSentencePiece } from '../../../src/tokenizer/from-sentencepiece.ts';
import type { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { sharedPath } from '../../support/inputs.ts';

/** Every reference vocabulary: the name of its ids, and where it lies beside the repository. */
export const REFERENCES: readonly (readonly [family: string, path: string])[] = [
  ['smollm2', 'models/smollm2-135m-instruct/tokenizer.json'],
  ['smollm2', 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf'],
  ['gpt2', 'models/tokenizers/gpt2/tokenizer.json'],
  ['llama3', 'models/tokenizers/llama3/tokenizer.json'],
  ['qwen2', 'models/tokenizers/qwen2/tokenizer.json'],
  ['llama2', 'models/llama2-tokenizer/tokenizer.model'],
  ['llama2', 'models/llama2-tokenizer/vocab.gguf'],
  ['unigram-nfkc', 'reference/tokenizers/unigram-nfkc.model'],
  ['unigram-raw', 'reference/tokenizers/unigram-raw.model'],
];

export async function referenceTokenizer(path: string): Promise<Tokenizer> {
  const bytes = readFileSync(sharedPath(path));
  if (path.endsWith('.json')) return tokenizerFromJson(bytes);
  if (path.endsWith('.model')) return tokenizerFromSentencePiece(bytes);
  return tokenizerFromGguf((await openGguf(memorySource(bytes))).metadata);
}
