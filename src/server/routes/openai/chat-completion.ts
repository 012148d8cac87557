import type { Tokenizer } from '../../../tokenizer/tokenizer.ts';
import type { FinishEvent, WatchedGeneration } from '../../work.ts';
import { logprobOf, type TokenLogprobs } from './logprobs.ts';

/** What every part of one answer repeats. */
export interface AnswerHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
}

/** OpenAI's token counts: the prompt once, the answers of all choices. */
export function usageOf(promptTokens: number, completionTokens: number): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** A `chat.completion` object, when all choices have ended. */
export async function chatCompletion(
  head: AnswerHead,
  choices: readonly WatchedGeneration[],
  tokenizer: Tokenizer,
): Promise<object> {
  const answers = await Promise.all(choices.map((choice) => answerOf(choice, tokenizer)));
  const completionTokens = answers.reduce((sum, { finish }) => sum + finish.generatedTokens, 0);
  return {
    ...head,
    object: 'chat.completion',
    choices: answers.map(({ content, logprobs, finish }, index) => ({
      index,
      message: { role: 'assistant', content, refusal: null },
      logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
      finish_reason: finish.reason,
    })),
    usage: usageOf(choices[0]!.promptTokenIds.length, completionTokens),
  };
}

async function answerOf(
  { events }: WatchedGeneration,
  tokenizer: Tokenizer,
): Promise<{ content: string; logprobs: TokenLogprobs[]; finish: FinishEvent }> {
  let content = '';
  const logprobs: TokenLogprobs[] = [];
  for await (const event of events) {
    content += event.text;
    if (event.type === 'finish') return { content, logprobs, finish: event };
    if (event.logprob !== undefined) logprobs.push(logprobOf(event, tokenizer));
  }
  throw new Error('a generation ended without its finish event');
}
