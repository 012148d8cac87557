import { Hono } from 'hono';
import type { ChatOptions } from '../../../engine/events.ts';
import { openAiErrorBody } from '../../error-response.ts';
import { sseFrame } from '../../event-stream.ts';
import { readRequest } from '../../request-body.ts';
import { ChatCompletionRequest, messagesOf, toolsOf } from '../../schemas/chat-completion.ts';
import { samplingParamsOf } from '../../schemas/sampling.ts';
import { withModel, type Services, type WatchedGeneration, type Work } from '../../work.ts';
import { chatChunks } from './chat-chunks.ts';
import { chatCompletion } from './chat-completion.ts';

/**
 * POST /v1/chat/completions, whole or streamed. Tools are shown to the model through its template; calls in its answer stay
 * text for now. @see https://platform.openai.com/docs/api-reference/chat
 */
export const chatCompletions = (services: Services): Hono =>
  new Hono().post('/v1/chat/completions', async (c) => {
    const request = await readRequest(c, ChatCompletionRequest);
    return await withModel(c, services, { modelId: request.model, places: request.n }, async (work) => {
      const answer = {
        id: `chatcmpl-${crypto.randomUUID()}`,
        created: Math.floor(Date.now() / 1000),
        model: services.models.resolve(request.model),
      };
      const choices = startChoices(work, request);
      if (!request.stream) return c.json(await chatCompletion(answer, choices, work.engine.tokenizer));
      const chunks = chatChunks(answer, choices, work.engine.tokenizer, request.stream_options?.include_usage ?? false);
      return work.stream(frames(chunks), (error) => sseFrame(openAiErrorBody(error)));
    });
  });

/** One generation for each of the n choices; with a seed given, each choice has its own, counted up from it. */
function startChoices(work: Work, request: ChatCompletionRequest): WatchedGeneration[] {
  const messages = messagesOf(request);
  work.assertMayFit(
    messages.map((message) => message.content),
    'messages',
  );
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  const sampling = samplingParamsOf(request, work.engine);
  const tools = toolsOf(request);
  const options: ChatOptions = {
    ...sampling,
    ...(maxTokens != null && { maxTokens: Math.min(maxTokens, work.engine.contextLength) }),
    ...(request.logprobs && { logprobs: request.top_logprobs ?? 0 }),
    ...(tools.length > 0 && { tools }),
    ...(request.chat_template_kwargs && { templateOptions: request.chat_template_kwargs }),
  };
  const seedOf = (choice: number): ChatOptions =>
    sampling.seed === undefined ? {} : { seed: BigInt.asUintN(64, BigInt(sampling.seed) + BigInt(choice)) };
  return Array.from({ length: request.n }, (_, choice) => work.chat(messages, { ...options, ...seedOf(choice) }));
}

async function* frames(chunks: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const chunk of chunks) yield sseFrame(chunk);
  yield sseFrame('[DONE]');
}
