import type { BackendInfo } from '../../../src/backend/backend.ts';
import { RealizarError } from '../../../src/errors.ts';
import type { EngineApi } from '../../../src/engine/engine-api.ts';
import type {
  ChatMessage,
  ChatOptions,
  FinishReason,
  GenerateOptions,
  Generation,
  GenerationEvent,
  GenerationResult,
} from '../../../src/engine/events.ts';
import type { ModelConfig } from '../../../src/model/config.ts';
import { TextStream } from '../../../src/tokenizer/text-stream.ts';
import { EOS, FakeTokenizer } from './fake-tokenizer.ts';

export interface FakeOptions {
  readonly modelId?: string;
  readonly contextLength?: number;
  readonly memoryBytes?: number;
  /** What every prompt is answered with, then EOS. Default: letters that depend on the prompt, the sampling and the seed; no end. */
  readonly answer?: string | readonly number[];
  /** Milliseconds that each token takes. */
  readonly delayMs?: number;
  /** After so many tokens the engine breaks. */
  readonly failAfter?: number;
  readonly failure?: Error;
}

/** One call of the engine, as a test looks at it. */
export interface FakeCall {
  readonly promptTokenIds: readonly number[];
  readonly options: ChatOptions;
  readonly messages?: readonly ChatMessage[];
  generated: number;
  state: 'running' | FinishReason | 'failed';
}

/** A deterministic engine without a model: the next token is a hash of all before it. */
export class FakeEngine implements EngineApi {
  readonly tokenizer = new FakeTokenizer();
  readonly hasChatTemplate = true;
  readonly backend: BackendInfo = { name: 'reference', mode: 'fake', threads: 1 };
  readonly config: ModelConfig;
  readonly modelId: string;
  readonly contextLength: number;
  readonly memoryBytes: number;
  readonly calls: FakeCall[] = [];
  /** Most calls that ran at one time. */
  mostRunning = 0;
  closed = false;
  readonly #options: FakeOptions;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    this.modelId = options.modelId ?? 'fake';
    this.contextLength = options.contextLength ?? 4096;
    this.memoryBytes = options.memoryBytes ?? 1000;
    this.config = {
      architecture: 'fake',
      vocabSize: 257,
      hiddenSize: 1,
      intermediateSize: 1,
      numLayers: 1,
      numHeads: 1,
      numKvHeads: 1,
      headDim: 1,
      contextLength: this.contextLength,
      normEps: 0,
      rope: { pairing: 'half', dimensions: 0, frequencies: new Float64Array(), magnitude: 1 },
    };
  }

  get running(): number {
    return this.calls.filter(({ state }) => state === 'running').length;
  }

  generate(prompt: string | readonly number[], options: GenerateOptions = {}): Generation {
    return this.#start(typeof prompt === 'string' ? this.tokenizer.encode(prompt) : prompt, options);
  }

  chat(messages: readonly ChatMessage[], options: ChatOptions = {}): Generation {
    return this.#start(this.chatPrompt(messages), options, messages);
  }

  chatPrompt(messages: readonly ChatMessage[]): number[] {
    if (messages.some(({ content }) => content === 'raise'))
      throw new RealizarError('template-error', 'the template says no');
    return this.tokenizer.encode(messages.map(({ role, content }) => `${role}: ${content}\n`).join(''), {
      parseSpecial: false,
    });
  }

  logits(): AsyncIterable<Float32Array> {
    throw new Error('a server asks for no logits');
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(promptTokenIds: readonly number[], options: ChatOptions, messages?: readonly ChatMessage[]): Generation {
    if (this.closed) throw new RealizarError('closed', 'the engine is closed');
    if (promptTokenIds.length >= this.contextLength) {
      throw new RealizarError(
        'context-length-exceeded',
        `the prompt has ${promptTokenIds.length} tokens and the context ${this.contextLength}`,
        { field: 'prompt' },
      );
    }
    const call: FakeCall = { promptTokenIds, options, ...(messages && { messages }), generated: 0, state: 'running' };
    this.calls.push(call);
    this.mostRunning = Math.max(this.mostRunning, this.running);
    return new FakeGeneration(promptTokenIds, this.#events(call));
  }

  async *#events(call: FakeCall): AsyncGenerator<GenerationEvent> {
    const { options, promptTokenIds } = call;
    const { delayMs = 0, failAfter = Infinity, failure = new Error('a bug at /secret/path') } = this.#options;
    const ids = [...promptTokenIds];
    const text = new TextStream(this.tokenizer, { stop: options.stop ?? [] });
    const maxTokens = Math.min(options.maxTokens ?? Infinity, this.contextLength - ids.length);
    const finish = (reason: FinishReason, stop?: string): GenerationEvent => {
      call.state = reason;
      const rest = text.end();
      const stopString = stop ?? rest.stop;
      return {
        type: 'finish',
        reason: stopString === undefined ? reason : 'stop',
        text: rest.text,
        promptTokens: promptTokenIds.length,
        generatedTokens: call.generated,
        ...(stopString !== undefined && { stopString }),
        timings: {
          queueMs: 0,
          prefillTokens: promptTokenIds.length,
          prefillMs: 1,
          decodeTokens: call.generated,
          decodeMs: 1,
        },
      };
    };
    try {
      while (call.generated < maxTokens) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        if (options.signal?.aborted) {
          yield finish('cancelled');
          return;
        }
        if (call.generated >= failAfter) {
          call.state = 'failed';
          throw failure;
        }
        const tokenId = this.#next(ids, call);
        if (tokenId === EOS && !options.ignoreEos) {
          yield finish('stop');
          return;
        }
        ids.push(tokenId);
        call.generated += 1;
        const delta = text.push(tokenId);
        const logprobs =
          options.logprobs === undefined
            ? {}
            : {
                logprob: -0.5,
                topLogprobs: Array.from({ length: options.logprobs }, (_, i) => ({
                  tokenId: 65 + i,
                  logprob: i === 0 ? -0.5 : -Infinity,
                })),
              };
        yield { type: 'token', tokenId, text: delta.text, ...logprobs };
        if (delta.stop !== undefined) {
          yield finish('stop', delta.stop);
          return;
        }
      }
      yield finish('length');
    } finally {
      if (call.state === 'running') call.state = 'cancelled';
    }
  }

  #next(ids: readonly number[], { options, generated }: FakeCall): number {
    const { answer } = this.#options;
    if (answer !== undefined)
      return (typeof answer === 'string' ? new TextEncoder().encode(answer) : answer)[generated] ?? EOS;
    const { temperature = 1, topK, topP, seed, logitBias } = options;
    const sampling = temperature === 0 ? 'greedy' : `${temperature} ${topK} ${topP} ${seed}`;
    let hash = 7;
    for (const value of [...ids, ...new TextEncoder().encode(sampling)])
      hash = Math.imul(hash ^ value, 0x01000193) ^ (hash >>> 15);
    const tokenId = 97 + ((hash >>> 0) % 26);
    return logitBias?.get(tokenId) === -Infinity ? 48 : tokenId;
  }
}

class FakeGeneration implements Generation {
  readonly promptTokenIds: readonly number[];
  readonly #events: AsyncIterable<GenerationEvent>;

  constructor(promptTokenIds: readonly number[], events: AsyncIterable<GenerationEvent>) {
    this.promptTokenIds = promptTokenIds;
    this.#events = events;
  }

  events(): AsyncIterable<GenerationEvent> {
    return this.#events;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, undefined> {
    for await (const { text } of this.#events) yield text;
  }

  result(): Promise<GenerationResult> {
    throw new Error('the server reads events');
  }
}
