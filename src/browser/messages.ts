import type { BackendInfo } from '../backend/backend.ts';
import type { ChatMessage, ChatOptions, GenerateOptions, GenerationEvent } from '../engine/events.ts';
import { RealizarError, type ErrorCode } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import type { BrowserLoadOptions, BrowserLoadProgress } from './load-engine.ts';
import type { ModelSource } from './open-model.ts';

/** What can be sent of options: everything but functions and signals, which become messages of their own. */
export type Sendable<Options> = Omit<Options, 'signal' | 'onProgress'>;

/** From the page to the worker. `id` names a generation. */
export type Request =
  | { readonly type: 'load'; readonly source: ModelSource; readonly options: Sendable<BrowserLoadOptions> }
  | { readonly type: 'abort-load' }
  | {
      readonly type: 'generate';
      readonly id: number;
      readonly prompt: string | readonly number[];
      readonly options: Sendable<GenerateOptions>;
    }
  | {
      readonly type: 'chat';
      readonly id: number;
      readonly messages: readonly ChatMessage[];
      readonly options: Sendable<ChatOptions>;
    }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'close' };

/** From the worker to the page. */
export type Reply =
  | { readonly type: 'progress'; readonly progress: BrowserLoadProgress }
  | { readonly type: 'loaded'; readonly about: AboutEngine }
  | { readonly type: 'started'; readonly id: number; readonly promptTokenIds: readonly number[] }
  | { readonly type: 'event'; readonly id: number; readonly event: GenerationEvent }
  /** Without `id`: loading failed. */
  | { readonly type: 'failed'; readonly id?: number; readonly error: SentError }
  | { readonly type: 'closed' };

/** What stays the same for as long as an engine lives. */
export interface AboutEngine {
  readonly modelId: string;
  readonly config: ModelConfig;
  readonly backend: BackendInfo;
  readonly hasChatTemplate: boolean;
  readonly contextLength: number;
  readonly memoryBytes: number;
}

/** Errors lose their class and their fields when they are cloned. */
export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly offset?: number;
}

export function sendError(error: unknown): SentError {
  if (!(error instanceof RealizarError))
    return { code: 'backend-failed', message: error instanceof Error ? error.message : String(error) };
  const { code, message, field, offset } = error;
  return { code, message, ...(field !== undefined && { field }), ...(offset !== undefined && { offset }) };
}

export const receiveError = ({ code, message, ...about }: SentError): RealizarError =>
  new RealizarError(code, message, about);
