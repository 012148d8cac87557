import type { DType } from '../dtype/index.ts';
import type { FileRange } from './open-file.ts';

/** A metadata value of GGUF: numbers of up to 32 bits and floats are numbers; 64-bit integers outside ±2^53 are bigint. */
export type MetadataValue = number | bigint | boolean | string | MetadataArray;
export type MetadataArray =
  | readonly MetadataValue[]
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** One tensor of a checkpoint. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  /** Slowest-first, as everywhere in realizar. */
  readonly shape: readonly number[];
  readonly byteLength: number;
}

/**
 * Weights at rest, whatever their file format. The vocabulary is GGUF's: `metadata` has GGUF's keys and `tensors` GGUF's
 * names (`blk.0.attn_q.weight`), also when they come from a Hugging Face folder (`safetensors/hf-config.ts` translates).
 */
export interface Checkpoint {
  readonly format: 'gguf' | 'safetensors';
  /** For messages and as default model id: the file's or folder's base name without extension. */
  readonly name: string;
  /** Bytes of all files that hold weights. */
  readonly byteLength: number;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The other files of a Hugging Face folder, by name (`tokenizer.json`, `tokenizer_config.json`, ...); empty for GGUF. */
  readonly companions: ReadonlyMap<string, Uint8Array>;
  /**
   * Reads bytes [start, end) of a tensor's data (the whole of it by default).
   *
   * @param into as in `ByteSource.read`
   * @throws RealizarError as `ByteSource.read`
   */
  read(tensor: TensorInfo, start?: number, end?: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Where a tensor's data lie, if in a file that this process holds open until `close`. */
  locate?(tensor: TensorInfo): FileRange | undefined;
  close(): Promise<void>;
}
