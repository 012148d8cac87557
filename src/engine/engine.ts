import type { BackendInfo, OpTime } from '../backend/backend.ts';
import { RealizarError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { breakerIdsOf, createSampler, resolveParams, type Sampler } from '../sampling/index.ts';
import type { ChatMessage } from '../tokenizer/chat-message.ts';
import type { ChatTemplate } from '../tokenizer/chat-template.ts';
import { encodeChat } from '../tokenizer/encode-chat.ts';
import { TextStream } from '../tokenizer/text-stream.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { checkLogprobs, checkMaxTokens, checkPrompt, checkPromptLookup } from './check-request.ts';
import type { EngineApi } from './engine-api.ts';
import type { ChatOptions, GenerateOptions, Generation } from './events.ts';
import { GenerationTask } from './generation-task.ts';
import { LogitsTask } from './logits-task.ts';
import type { ModelRunner } from './model-runner.ts';
import { StepLoop } from './step-loop.ts';

export interface EngineParts {
  readonly modelId: string;
  readonly model: ModelRunner;
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: ChatTemplate | undefined;
  /** Sequences that run together. */
  readonly maxSequences: number;
  /** Rows of prefill in one step. */
  readonly chunkSize: number;
}

/** A loaded model at work: many requests, one batch that changes with every step. Results do not depend on the company. */
export class Engine implements EngineApi {
  readonly modelId: string;
  readonly tokenizer: Tokenizer;
  readonly contextLength: number;
  readonly #model: ModelRunner;
  readonly #chatTemplate: ChatTemplate | undefined;
  readonly #loop: StepLoop;

  constructor(parts: EngineParts) {
    this.modelId = parts.modelId;
    this.tokenizer = parts.tokenizer;
    this.contextLength = parts.model.contextLength;
    this.#model = parts.model;
    this.#chatTemplate = parts.chatTemplate;
    this.#loop = new StepLoop(parts.model, { ...parts, vocabSize: this.#vocabSize });
  }

  get config(): ModelConfig {
    return this.#model.config;
  }

  get backend(): BackendInfo {
    return this.#model.backend.info;
  }

  async profile(): Promise<readonly OpTime[] | undefined> {
    return this.#model.backend.profile?.();
  }

  get memoryBytes(): number {
    return this.#model.memoryBytes;
  }

  get hasChatTemplate(): boolean {
    return this.#chatTemplate !== undefined;
  }

  generate(prompt: string | readonly number[], options: GenerateOptions = {}): Generation {
    const { addSpecial = true, parseSpecial = false } = options;
    return this.#start(
      typeof prompt === 'string' ? this.tokenizer.encode(prompt, { addSpecial, parseSpecial }) : prompt,
      options,
      false,
    );
  }

  chat(messages: readonly ChatMessage[], options: ChatOptions = {}): Generation {
    return this.#start(this.chatPrompt(messages, options), options, true);
  }

  chatPrompt(messages: readonly ChatMessage[], options: Pick<ChatOptions, 'tools' | 'templateOptions'> = {}): number[] {
    if (this.#chatTemplate === undefined) {
      throw new RealizarError(
        'template-error',
        `${this.modelId} has no chat template; continue a text with generate instead`,
        { field: 'messages' },
      );
    }
    return encodeChat(this.tokenizer, this.#chatTemplate.renderSegments(messages, options));
  }

  logits(tokenIds: readonly number[], options: { readonly signal?: AbortSignal } = {}): AsyncIterable<Float32Array> {
    checkPrompt(tokenIds, { vocabSize: this.config.vocabSize, contextLength: this.contextLength, newTokens: 0 });
    const task = new LogitsTask(tokenIds, this.config.vocabSize, options.signal, () => this.#loop.wake());
    this.#loop.submit(task);
    return task.chunks;
  }

  close(): Promise<void> {
    return this.#loop.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A model may have rows for tokens that its tokenizer does not know; they are never chosen. */
  get #vocabSize(): number {
    return Math.min(this.config.vocabSize, this.tokenizer.vocabSize);
  }

  #start(promptTokenIds: readonly number[], options: GenerateOptions, startOfText: boolean): Generation {
    const { contextLength, tokenizer } = this;
    const vocabSize = this.#vocabSize;
    checkPrompt(promptTokenIds, { vocabSize, contextLength, newTokens: 1 });

    const task = new GenerationTask({
      promptTokenIds: [...promptTokenIds],
      sampler: this.#samplerOf(options, vocabSize),
      text: new TextStream(tokenizer, { stop: options.stop ?? [], startOfText }),
      endIds: options.ignoreEos ? new Set() : tokenizer.endIds,
      maxTokens: Math.min(checkMaxTokens(options.maxTokens), contextLength - promptTokenIds.length),
      logprobs: checkLogprobs(options.logprobs),
      promptLookup: checkPromptLookup(options.promptLookup),
      vocabSize,
      signal: options.signal,
      wake: () => this.#loop.wake(),
    });
    this.#loop.submit(task);
    return task.generation;
  }

  #samplerOf(options: GenerateOptions, vocabSize: number): Sampler {
    const params = resolveParams(options, vocabSize);
    if (params.dryMultiplier === 0) return createSampler(params, vocabSize);
    const textOf = (id: number) => this.tokenizer.decode([id]);
    return createSampler(params, vocabSize, {
      breakerIds: breakerIdsOf(params.drySequenceBreakers, vocabSize, textOf),
    });
  }
}
