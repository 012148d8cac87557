import { z } from 'zod';
import type { ChatMessage, ChatTool } from '../../engine/events.ts';
import { samplingFields } from './sampling.ts';

const notYet = (what: string): string => `${what} is not supported yet`;

const textPart = z.object({
  type: z.literal('text', notYet('a content part of another type than text')),
  text: z.string(),
});
const content = z.union([z.string(), z.array(textPart).transform((parts) => parts.map((part) => part.text).join(''))]);

const toolCall = z.object({
  id: z.string().optional(),
  type: z.literal('function').optional(),
  function: z.object({ name: z.string(), arguments: z.union([z.string(), z.record(z.string(), z.unknown())]) }),
});

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer', 'user']), content, name: z.string().optional() }),
  z.object({
    role: z.literal('assistant'),
    content: content.nullish().transform((text) => text ?? ''),
    name: z.string().optional(),
    tool_calls: z.array(toolCall).nullish(),
  }),
  z.object({
    role: z.literal('tool'),
    content: content.nullish().transform((text) => text ?? ''),
    name: z.string().optional(),
    tool_call_id: z.string().optional(),
  }),
]);

const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().min(1).max(64),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  }),
});

// Names that a template gets from the engine; a request must not stand in for them.
const reservedTemplateNames = ['messages', 'tools', 'add_generation_prompt', 'bos_token', 'eos_token', 'chat_template'];
const templateOptions = z
  .record(z.string().regex(/^[a-z_]{1,64}$/), z.union([z.boolean(), z.number(), z.string().max(1000)]))
  .refine(
    (options) => reservedTemplateNames.every((name) => !Object.hasOwn(options, name)),
    `expected none of ${reservedTemplateNames.join(', ')}`,
  );

const answerLimit = z.int().min(1).nullish();

/**
 * The part of OpenAI's chat completion request that realizar honours, with llama.cpp's extensions. Unknown fields are ignored.
 * @see https://platform.openai.com/docs/api-reference/chat/create
 */
export const ChatCompletionRequest = z
  .object({
    model: z.string().nullish(),
    messages: z.array(message).min(1),
    ...samplingFields,
    max_tokens: answerLimit,
    max_completion_tokens: answerLimit,
    n: z
      .int()
      .min(1)
      .max(8)
      .nullish()
      .transform((n) => n ?? 1),
    logprobs: z
      .boolean()
      .nullish()
      .transform((on) => on ?? false),
    top_logprobs: z.int().min(0).max(20).nullish(),
    stream: z
      .boolean()
      .nullish()
      .transform((on) => on ?? false),
    stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
    response_format: z
      .object({ type: z.literal('text', notYet('a response format of another type than text')) })
      .nullish(),
    tools: z.array(tool).max(128).nullish(),
    tool_choice: z
      .union([z.literal('none'), z.literal('auto')], notYet('a tool_choice other than none and auto'))
      .nullish(),
    chat_template_kwargs: templateOptions.nullish(),
    // Asked for, these must not be ignored: the answer would not be what it is taken for.
    chat_template: z.null('a chat template of its own is not accepted; the model brings one').optional(),
    grammar: z.union([z.null(), z.literal('')], notYet('a grammar')).optional(),
  })
  .refine((request) => request.top_logprobs == null || request.logprobs, {
    path: ['top_logprobs'],
    message: 'expected `logprobs: true` beside it',
  })
  .refine((request) => !request.stream_options || request.stream, {
    path: ['stream_options'],
    message: 'expected `stream: true` beside it',
  });

export type ChatCompletionRequest = z.output<typeof ChatCompletionRequest>;

/** The request's messages as the engine takes them. */
export const messagesOf = (request: ChatCompletionRequest): ChatMessage[] =>
  request.messages.map((one) => withoutUndefined(one) as ChatMessage);

/** The tools that the template is told of. */
export const toolsOf = (request: ChatCompletionRequest): ChatTool[] =>
  request.tool_choice === 'none'
    ? []
    : (request.tools ?? []).map((one) => ({
        type: one.type,
        function: withoutUndefined(one.function) as ChatTool['function'],
      }));

const withoutUndefined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
