import { RealizarError } from '../../errors.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { openTokenizer } from '../open-tokenizer.ts';
import { linesOfStandardInput, textOrStandardInput } from '../standard-input.ts';

export interface TokenizeFlags {
  readonly format: 'text' | 'json';
  readonly special: boolean;
  readonly addSpecial?: boolean;
  readonly jsonl?: boolean;
}

/** `realizar tokenize` */
export async function tokenize(model: string, argument: string | undefined, flags: TokenizeFlags): Promise<void> {
  const tokenizer = await openTokenizer(model);
  const encode = (text: string) =>
    tokenizer.encode(text, {
      parseSpecial: flags.special ? undefined : false, // the vocabulary's own rule, unless told otherwise
      addSpecial: flags.addSpecial ?? false,
    });
  if (flags.jsonl) return encodeLines(encode);

  const text = await textOrStandardInput(argument);
  if (text === undefined)
    throw new RealizarError(
      'invalid-argument',
      'There is no text: give it as the second argument, or - to read it from standard input.',
    );
  const ids = encode(text);
  console.log(flags.format === 'json' ? JSON.stringify(describe(tokenizer, ids)) : asTable(tokenizer, ids));
}

const describe = (tokenizer: Tokenizer, ids: readonly number[]) => ({
  token_ids: ids,
  num_tokens: ids.length,
  tokens: ids.map((id) => tokenizer.tokenOf(id)),
});

const asTable = (tokenizer: Tokenizer, ids: readonly number[]): string =>
  ids.map((id) => `${String(id).padStart(7)}  ${JSON.stringify(tokenizer.tokenOf(id))}`).join('\n');

async function encodeLines(encode: (text: string) => number[]): Promise<void> {
  let number = 0;
  for await (const line of linesOfStandardInput()) {
    number++;
    if (line.trim() === '') continue;
    process.stdout.write(`${JSON.stringify(encode(parseLine(line, number)))}\n`);
  }
}

function parseLine(line: string, number: number): string {
  try {
    const text: unknown = JSON.parse(line);
    if (typeof text === 'string') return text;
  } catch {
    // reported below, with the line's number
  }
  throw new RealizarError('bad-json', `Line ${number} of standard input is not a JSON string.`);
}
