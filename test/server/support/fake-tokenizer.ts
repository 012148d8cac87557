import { RealizarError } from '../../../src/errors.ts';
import type { DecodeOptions, EncodeOptions, Tokenizer } from '../../../src/tokenizer/tokenizer.ts';

export const EOS = 256;
const SPECIAL = '<|end|>';

/** One token per UTF-8 byte, and one that ends. A character of several bytes is therefore always split over tokens. */
export class FakeTokenizer implements Tokenizer {
  readonly vocabSize = 257;
  readonly bosId = undefined;
  readonly eosId = EOS;
  readonly unknownId = undefined;
  readonly endIds = new Set([EOS]);

  encode(text: string, { parseSpecial = true }: EncodeOptions = {}): number[] {
    const parts = parseSpecial ? text.split(SPECIAL) : [text];
    return parts.flatMap((part, i) => [...(i > 0 ? [EOS] : []), ...new TextEncoder().encode(part)]);
  }

  decode(ids: Iterable<number>, { skipSpecial = true }: DecodeOptions = {}): string {
    const bytes: number[] = [];
    for (const id of ids) {
      if (!(id >= 0 && id < this.vocabSize))
        throw new RealizarError('invalid-argument', `token ${id} is not in the vocabulary`);
      if (id !== EOS) bytes.push(id);
      else if (!skipSpecial) bytes.push(...new TextEncoder().encode(SPECIAL));
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  bytesOf = (id: number): Uint8Array => (id === EOS ? new Uint8Array() : Uint8Array.of(id));
  tokenOf = (id: number): string => (id === EOS ? SPECIAL : String.fromCharCode(id));
  idOf = (token: string): number | undefined =>
    token === SPECIAL ? EOS : token.length === 1 ? token.charCodeAt(0) : undefined;
  isSpecial = (id: number): boolean => id === EOS;
}
