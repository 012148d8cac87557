import type { AutotuneMode, BackendChoice, BackendInfo, KvDType, OpTime } from '../backend/backend.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { ModelConfig } from '../model/config.ts';
import type { ChatMessage, ChatOptions, GenerateOptions, Generation } from './events.ts';

/** What the doors (library, HTTP, command line) see of a loaded model. */
export interface EngineApi extends AsyncDisposable {
  readonly modelId: string;
  readonly config: ModelConfig;
  readonly backend: BackendInfo;
  readonly tokenizer: Tokenizer;
  readonly hasChatTemplate: boolean;
  /** Positions a sequence may have here: the model's, or less where less memory was asked for. */
  readonly contextLength: number;
  /** Bytes held: weights, kv cache, activations. */
  readonly memoryBytes: number;
  /**
   * Continues a text, or token ids. Starts at once and is scheduled with whatever else runs.
   * @throws RealizarError `invalid-argument` | `context-length-exceeded` | `closed`
   */
  generate(prompt: string | readonly number[], options?: GenerateOptions): Generation;
  /**
   * Answers the last message with the model's chat template. Text of the messages never becomes a control token.
   * @throws RealizarError also `template-error` | `template-limit`
   */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): Generation;
  /** The prompt that `chat` would run, as token ids. */
  chatPrompt(messages: readonly ChatMessage[], options?: Pick<ChatOptions, 'tools' | 'templateOptions'>): number[];
  /** Logits of every position, chunk by chunk: each yielded array is [rows, vocab]. */
  logits(tokenIds: readonly number[], options?: { readonly signal?: AbortSignal }): AsyncIterable<Float32Array>;
  /** Where the backend's time went since the last call; measuring begins with the first. Undefined where it cannot tell. */
  profile?(): Promise<readonly OpTime[] | undefined>;
  close(): Promise<void>;
}

export interface LoadProgress {
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** The tensor just loaded. */
  readonly tensor: string;
}

export interface LoadOptions {
  /** Default `auto`: a GPU that holds the model, else the CPU. */
  readonly backend?: BackendChoice;
  /** Part of the name of the GPU to take, where there are several. */
  readonly device?: string;
  /**
   * Whether a GPU's kernels are timed on the model's weights, which takes up to a second: `on` (default): once for a device and
   * model, and what was found is kept in the user's cache folder or the page's IndexedDB; `off`: never; `again`: now, and on
   * software devices too. Results do not depend on it.
   */
  readonly autotune?: AutotuneMode;
  /** How keys and values are stored. Default: f32 on the CPU, f16 on a GPU. */
  readonly kvCacheType?: KvDType;
  /** Default: the physical cores. */
  readonly threads?: number;
  /** Positions of the kv cache; default: the model's own, at most 8192. */
  readonly contextLength?: number;
  /** Sequences that run together; default 8. The kv cache has room for one full context and shares it. */
  readonly maxSequences?: number;
  /** Rows of one prefill step. Default 64. Results do not depend on it. */
  readonly chunkSize?: number;
  readonly modelId?: string;
  /**
   * Lets V8 fuse pairs of vectors on x64 with AVX2: prompts and several sequences at once run up to 1.6 times as fast, with the
   * same bits. Default false in the library, because it is an experimental option of V8 for the whole process
   * (`--experimental-wasm-revectorize`); the command line turns it on. No effect where it was not proven.
   */
  readonly wideVectors?: boolean;
  /** Kernel set of the wasm backend, for tests and benchmarks; default: what the probe finds. */
  readonly kernelSet?: string;
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
}
