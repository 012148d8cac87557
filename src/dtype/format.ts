/** How one block of numbers is stored. One object per dtype, in a file of its own. */
export interface Format {
  /** Number in GGUF's tensor table (`ggml_type`); undefined where GGUF has none. */
  readonly ggmlType: number | undefined;
  /** Name in a SafeTensors header; undefined where SafeTensors has none. */
  readonly safetensorsName: string | undefined;
  /** Values in a block; 1 for plain numbers. */
  readonly blockSize: number;
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Writes every whole block of `bytes` to `values` (`values.length` = blocks · blockSize). Rounds as ggml does. */
  readonly decode: (bytes: Uint8Array, values: Float32Array) => void;
  /** Writes `values` (whole blocks) to `bytes`, byte-equal with ggml's reference encoder. */
  readonly encode?: (values: Float32Array, bytes: Uint8Array) => void;
}
