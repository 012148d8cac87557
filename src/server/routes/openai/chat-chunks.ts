import type { Tokenizer } from '../../../tokenizer/tokenizer.ts';
import type { WatchedGeneration } from '../../work.ts';
import { usageOf, type AnswerHead } from './chat-completion.ts';
import { interleave } from './interleave.ts';
import { logprobOf } from './logprobs.ts';

/**
 * The `chat.completion.chunk` objects of a streamed answer: for each choice its role, its text, its finish reason; then,
 * when asked for, one with the usage. Choices interleave by `index`.
 */
export async function* chatChunks(
  head: AnswerHead,
  choices: readonly WatchedGeneration[],
  tokenizer: Tokenizer,
  includeUsage: boolean,
): AsyncGenerator<object> {
  const envelope = { ...head, object: 'chat.completion.chunk' };
  const usage = includeUsage ? { usage: null } : {};
  const chunk = (index: number, delta: object, more: object = {}): object => ({
    ...envelope,
    choices: [{ index, delta, logprobs: null, finish_reason: null, ...more }],
    ...usage,
  });

  for (const index of choices.keys()) yield chunk(index, { role: 'assistant', content: '' });

  let completionTokens = 0;
  for await (const { index, item: event } of interleave(choices.map((choice) => choice.events))) {
    const logprobs =
      event.type === 'token' && event.logprob !== undefined
        ? { logprobs: { content: [logprobOf(event, tokenizer)], refusal: null } }
        : undefined;
    if (event.text !== '' || logprobs) yield chunk(index, { content: event.text }, logprobs);
    if (event.type !== 'finish') continue;
    completionTokens += event.generatedTokens;
    yield chunk(index, {}, { finish_reason: event.reason });
  }
  if (includeUsage)
    yield { ...envelope, choices: [], usage: usageOf(choices[0]!.promptTokenIds.length, completionTokens) };
}
