import { StopStrings } from './stop-strings.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface TextDelta {
  /** Text that is certain now; often empty. */
  readonly text: string;
  /** The stop string that was found. It and what follows it are not part of the text, and the stream has ended. */
  readonly stop: string | undefined;
}

export interface TextStreamOptions {
  /** Strings that end the text. */
  readonly stop?: readonly string[];
  /** Whether the first token begins a text, where some tokenizers leave out its space; default false: it goes on with one. */
  readonly startOfText?: boolean;
}

/**
 * Token ids in, text out, piece by piece.
 *
 * Only whole characters are given out: the first bytes of a character wait for the others, and become U+FFFD once
 * they cannot be completed. Text that may be the beginning of a stop string waits until it is known not to be one.
 * All pieces joined are `tokenizer.decode` of all ids, up to the first stop string.
 */
export class TextStream {
  readonly #tokenizer: Pick<Tokenizer, 'bytesOf' | 'decode'>;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #stops: StopStrings | undefined;
  #atStart: boolean;
  /** Text that may be the beginning of a stop string. */
  #held = '';
  #ended = false;

  /** @throws RealizarError `invalid-argument` for stop strings that are empty or far too long */
  constructor(
    tokenizer: Pick<Tokenizer, 'bytesOf' | 'decode'>,
    { stop = [], startOfText = false }: TextStreamOptions = {},
  ) {
    this.#tokenizer = tokenizer;
    this.#stops = stop.length > 0 ? new StopStrings(stop) : undefined;
    this.#atStart = startOfText;
  }

  /** Takes the next token. Control tokens have no text. */
  push(id: number): TextDelta {
    if (this.#ended) return { text: '', stop: undefined };
    return this.#release(this.#utf8.decode(this.#bytesOf(id), { stream: true }));
  }

  /** Ends the text: gives out what was held back. The text can still end in a stop string. */
  end(): TextDelta {
    if (this.#ended) return { text: '', stop: undefined };
    const { text, stop } = this.#release(this.#utf8.decode());
    this.#ended = true;
    return { text: text + this.#held, stop };
  }

  #release(added: string): TextDelta {
    if (!this.#stops || added === '') return { text: added, stop: undefined };
    const { stop, read, pending } = this.#stops.scan(added);
    const text = this.#held + added.slice(0, read);
    const certain = text.length - (stop?.length ?? pending);
    this.#ended = stop !== undefined;
    this.#held = this.#ended ? '' : text.slice(certain);
    return { text: text.slice(0, certain), stop };
  }

  /** At the start of a text the tokenizer itself tells whether it leaves the first space out. */
  #bytesOf(id: number): Uint8Array {
    const bytes = this.#tokenizer.bytesOf(id);
    if (!this.#atStart || bytes.length === 0) return bytes;
    this.#atStart = false;
    const rest = bytes.subarray(1);
    const dropsSpace =
      bytes[0] === SPACE && this.#tokenizer.decode([id]) === new TextDecoder('utf-8', { ignoreBOM: true }).decode(rest);
    return dropsSpace ? rest : bytes;
  }
}

const SPACE = 0x20;
