import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { RealizarError } from '../errors.ts';
import { tokenizerFromGguf } from './from-gguf.ts';
import { tokenizerFromJson } from './from-json.ts';
import { tokenizerFromSentencePiece } from './from-sentencepiece.ts';
import { inFile } from './in-file.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * The tokenizer that a model brings along: in the metadata of a GGUF file; in a folder as `tokenizer.json`, or else as
 * `tokenizer.model`.
 *
 * @throws RealizarError `missing-file` where a folder has neither; as `tokenizerFromGguf`, `tokenizerFromJson` and
 *   `tokenizerFromSentencePiece`; the message names the checkpoint
 */
export function tokenizerOf(checkpoint: Checkpoint): Tokenizer {
  return inFile(`the tokenizer of ${checkpoint.name}`, () => parsedTokenizer(checkpoint));
}

function parsedTokenizer(checkpoint: Checkpoint): Tokenizer {
  if (checkpoint.format === 'gguf') return tokenizerFromGguf(checkpoint.metadata);
  const { companions } = checkpoint;
  const json = companions.get('tokenizer.json');
  if (json)
    return tokenizerFromJson(
      json,
      companions.get('tokenizer_config.json'),
      companions.get('generation_config.json') ?? companions.get('config.json'), // both name BOS and EOS alike
    );
  const model = companions.get('tokenizer.model');
  if (model) return tokenizerFromSentencePiece(model);
  throw new RealizarError(
    'missing-file',
    `there is neither tokenizer.json nor tokenizer.model: put the model's file there`,
    { field: 'tokenizer.json' },
  );
}
