import type { ChatMessage, ChatTool } from '../tokenizer/chat-message.ts';
import type { SamplingParams } from '../sampling/params.ts';

/** Why a generation ended: an end token or stop string, the token limit or full context, or its AbortSignal. */
export type FinishReason = 'stop' | 'length' | 'cancelled';

export interface TokenLogprob {
  readonly tokenId: number;
  readonly logprob: number;
}

export interface GenerationTimings {
  /** Milliseconds between submission and the first step that ran it. */
  readonly queueMs: number;
  readonly prefillTokens: number;
  readonly prefillMs: number;
  readonly decodeTokens: number;
  readonly decodeMs: number;
  /** With `promptLookup`: tokens that were guessed and computed, and how many of them were right. */
  readonly draftedTokens?: number;
  readonly acceptedTokens?: number;
}

/** What a generation tells while it runs. The texts of all events, joined, are the answer. */
export type GenerationEvent =
  | {
      readonly type: 'token';
      readonly tokenId: number;
      readonly text: string;
      readonly logprob?: number;
      readonly topLogprobs?: readonly TokenLogprob[];
    }
  | {
      readonly type: 'finish';
      readonly reason: FinishReason;
      readonly text: string;
      readonly promptTokens: number;
      readonly generatedTokens: number;
      readonly stopString?: string;
      readonly timings: GenerationTimings;
    };

export interface GenerateOptions extends Partial<SamplingParams> {
  /** Default: until the context is full. */
  readonly maxTokens?: number;
  /** Texts that end the generation; they are not part of the answer. */
  readonly stop?: readonly string[];
  /** Go on past end tokens. */
  readonly ignoreEos?: boolean;
  /** How many alternatives each token event reports; 0 reports the chosen token's own logprob; undefined none. */
  readonly logprobs?: number;
  /**
   * Guesses up to so many tokens at once from what followed the same words before, and checks them in one step: faster where
   * an answer repeats its prompt, and exactly the same text. Default 0: off.
   */
  readonly promptLookup?: number;
  readonly signal?: AbortSignal;
  /** For a text prompt: whether control tokens written in it are parsed. Default false. */
  readonly parseSpecial?: boolean;
  /** For a text prompt: whether BOS is added where the model asks for it. Default true. */
  readonly addSpecial?: boolean;
}

export interface ChatOptions extends GenerateOptions {
  readonly tools?: readonly ChatTool[];
  /** Extra variables for the template, such as `enable_thinking`. */
  readonly templateOptions?: Readonly<Record<string, unknown>>;
}

export interface GenerationResult {
  readonly promptTokenIds: readonly number[];
  /** Only what is new; an end token that stopped it is not among them. */
  readonly tokenIds: readonly number[];
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly timings: GenerationTimings;
}

/** A running generation. Iterate it for text pieces; `events()` for everything; `result()` to wait for the end. Use one of the three. */
export interface Generation extends AsyncIterable<string> {
  readonly promptTokenIds: readonly number[];
  events(): AsyncIterable<GenerationEvent>;
  result(): Promise<GenerationResult>;
}

export type { ChatMessage, ChatTool };
