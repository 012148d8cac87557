import type { EngineApi } from '../../../engine/engine-api.ts';
import type { GenerateOptions } from '../../../engine/events.ts';
import { RequestError } from '../../request-error.ts';
import type { FinishEvent, TokenEvent, Work } from '../../work.ts';

export interface NativeSampling {
  readonly max_tokens: number;
  readonly temperature: number;
  readonly strategy: string;
  readonly top_k: number;
  readonly top_p: number;
  readonly seed?: bigint | null | undefined;
}

/** What the Rust realizar seeds its generator with when a request names no seed. */
const DEFAULT_SEED = 42n;

/** The ids of a user's text: no BOS, and control tokens written in it stay text. */
export const tokensOf = (engine: EngineApi, text: string): number[] =>
  engine.tokenizer.encode(text, { addSpecial: false, parseSpecial: false });

/**
 * The Rust realizar's sampling: one strategy, after the temperature, drawn with its generator. Temperature 0 is greedy.
 * Values are checked only where the strategy uses them, with its messages.
 * @throws RequestError 400
 */
export function samplingOf(request: NativeSampling): GenerateOptions {
  const { strategy, temperature, top_k: topK, top_p: topP } = request;
  if (!['greedy', 'top_k', 'top_p'].includes(strategy))
    throw new RequestError(400, `Invalid strategy: ${strategy.slice(0, 100)}`, { param: 'strategy' });
  if (temperature < 0)
    throw new RequestError(400, 'Invalid shape: Temperature must be positive', { param: 'temperature' });
  if (strategy === 'top_k' && topK === 0)
    throw new RequestError(400, 'Invalid shape: k must be > 0', { param: 'top_k' });
  if (strategy === 'top_p' && !(topP > 0 && topP <= 1))
    throw new RequestError(400, 'Invalid shape: p must be in (0, 1]', { param: 'top_p' });

  if (strategy === 'greedy' || temperature === 0) return { temperature: 0 };
  const shared = { temperature, seed: request.seed ?? DEFAULT_SEED, rng: 'lcg' } as const;
  return strategy === 'top_k'
    ? { ...shared, topK, samplers: ['temperature', 'top-k'] }
    : { ...shared, topP, samplers: ['temperature', 'top-p'] };
}

export interface NativeGeneration {
  readonly promptTokenIds: readonly number[];
  readonly events: AsyncIterable<TokenEvent | FinishEvent>;
}

/** @throws RequestError 400 with `emptyMessage` when the prompt has no tokens, or when it cannot fit into the context */
export function encodePrompt(work: Work, prompt: string, emptyMessage: string): number[] {
  work.assertMayFit([prompt], 'prompt');
  const ids = tokensOf(work.engine, prompt);
  if (ids.length === 0) throw new RequestError(400, emptyMessage, { param: 'prompt' });
  return ids;
}

/** Starts a generation; it runs together with all others. */
export function startNative(work: Work, promptTokenIds: readonly number[], request: NativeSampling): NativeGeneration {
  const sampling = samplingOf(request);
  if (request.max_tokens === 0) return { promptTokenIds, events: nothing() };
  // Beyond the context nothing can be generated: the engine stops there anyway.
  return work.generate(promptTokenIds, {
    ...sampling,
    maxTokens: Math.min(request.max_tokens, work.engine.contextLength),
  });
}

async function* nothing(): AsyncGenerator<never> {}

/** The body of `/generate`: ids and text include the prompt. */
export async function nativeResult(
  engine: EngineApi,
  { promptTokenIds, events }: NativeGeneration,
): Promise<{ token_ids: number[]; text: string; num_generated: number }> {
  const ids = [...promptTokenIds];
  for await (const event of events) if (event.type === 'token') ids.push(event.tokenId);
  return { token_ids: ids, text: engine.tokenizer.decode(ids), num_generated: ids.length - promptTokenIds.length };
}
