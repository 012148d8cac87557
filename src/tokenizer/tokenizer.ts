export interface EncodeOptions {
  /**
   * Whether control tokens written in the text (`<|im_end|>`, `</s>`) become their ids. What users type must be encoded
   * with false, the text of a chat template with true.
   *
   * Left out, it is what the tokenizer's own library does: true for tokenizer.json and for byte-level vocabularies in
   * GGUF files (Hugging Face tokenizers), false for SentencePiece vocabularies (`tokenizer.model`, and `llama` and `t5`
   * in GGUF files). Tokens that users of a model added as plain words count in both.
   */
  readonly parseSpecial?: boolean | undefined;
  /** Whether BOS and EOS are added where the model asks for them. Default false. */
  readonly addSpecial?: boolean | undefined;
}

export interface DecodeOptions {
  /** Leave control tokens out of the text. Default true. */
  readonly skipSpecial?: boolean | undefined;
}

/** Text ↔ token ids. */
export interface Tokenizer {
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly unknownId: number | undefined;
  /** Every id that ends a generation: EOS, end of turn, and what the metadata or generation_config.json adds. */
  readonly endIds: ReadonlySet<number>;
  encode(text: string, options?: EncodeOptions): number[];
  /** Bytes that are not UTF-8 become U+FFFD. Never throws for ids in range. @throws RealizarError `invalid-argument` for ids outside the vocabulary */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** The bytes one token stands for, as `decode` would write it in the middle of a text; empty for control tokens. */
  bytesOf(id: number): Uint8Array;
  /** The vocabulary's own spelling (`Ġhello`, `▁hello`, `<0x0A>`). */
  tokenOf(id: number): string;
  idOf(token: string): number | undefined;
  isSpecial(id: number): boolean;
}
