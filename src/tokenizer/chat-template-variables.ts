import { RealizarError } from '../errors.ts';
import type { ChatMessage, ChatTool } from './chat-message.ts';

/** Far beyond any context. */
const MAX_MESSAGES = 10_000;
/** JSON schemas of tools nest the deepest; ten levels are unusual. */
const MAX_NESTING = 64;

const roles: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

/** Names that a template relies on. */
const reserved: ReadonlySet<string> = new Set([
  'messages',
  'tools',
  'documents',
  'add_generation_prompt',
  'bos_token',
  'eos_token',
  'unk_token',
  'pad_token',
  'namespace',
  'range',
  'loop',
  'raise_exception',
  'strftime_now',
  'true',
  'false',
  'none',
  'True',
  'False',
  'None',
]);

export interface ChatVariables {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[] | undefined;
  readonly templateOptions: Readonly<Record<string, unknown>>;
}

/**
 * The variables of a template that come from a request, as plain data.
 *
 * A call's arguments given as JSON text become the object they say, which is what templates expect.
 *
 * @param onText called for every text and every key but the roles; what it returns takes its place
 * @throws RealizarError `invalid-argument`, naming the field
 */
export function chatVariables(
  { messages, tools, templateOptions }: ChatVariables,
  onText: (text: string) => string,
): Record<string, unknown> {
  if (!Array.isArray(messages) || messages.length > MAX_MESSAGES)
    throw invalid('messages', `must be a list of at most ${MAX_MESSAGES}`);
  for (const name of Object.keys(templateOptions)) {
    if (reserved.has(name))
      throw invalid(`templateOptions.${name}`, 'is a name that chat templates rely on and cannot be set');
  }
  return {
    ...(plain(templateOptions, 'templateOptions', onText) as Record<string, unknown>),
    messages: messages.map((message, i) => messageVariable(message, `messages[${i}]`, onText)),
    tools: tools && tools.length > 0 ? plain(tools, 'tools', onText) : null,
    documents: null,
  };
}

function messageVariable(message: ChatMessage, at: string, onText: (text: string) => string): Record<string, unknown> {
  if (typeof message !== 'object' || message === null) throw invalid(at, 'must be an object');
  const { role, content, tool_calls: calls, ...rest } = message;
  if (!roles.has(role)) throw invalid(`${at}.role`, `must be one of ${[...roles].join(', ')}`);
  if (typeof content !== 'string') throw invalid(`${at}.content`, 'must be a text');
  if (calls !== undefined && !Array.isArray(calls)) throw invalid(`${at}.tool_calls`, 'must be a list');
  return {
    role,
    content: onText(content),
    ...(plain(rest, at, onText) as Record<string, unknown>),
    ...(calls && {
      tool_calls: calls.map((call, i) =>
        plain(withParsedArguments(call, `${at}.tool_calls[${i}]`), `${at}.tool_calls[${i}]`, onText),
      ),
    }),
  };
}

function withParsedArguments(call: NonNullable<ChatMessage['tool_calls']>[number], at: string): unknown {
  if (typeof call?.function?.name !== 'string') throw invalid(`${at}.function.name`, 'must be a text');
  const given = call.function.arguments;
  if (typeof given !== 'string') return call;
  try {
    const parsed: unknown = JSON.parse(given);
    return typeof parsed === 'object' && parsed !== null
      ? { ...call, function: { ...call.function, arguments: parsed } }
      : call;
  } catch {
    return call; // a model's broken call is shown to it as it was
  }
}

/** JSON-like data, copied. Nothing else may reach a template: no functions, no prototypes. */
function plain(value: unknown, at: string, onText: (text: string) => string, nesting = 0): unknown {
  if (nesting > MAX_NESTING) throw invalid(at.slice(0, 60), `nests more than ${MAX_NESTING} deep`);
  if (typeof value === 'string') return onText(value);
  if (value === null || value === undefined || typeof value === 'boolean' || Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, i) => plain(item, `${at}[${i}]`, onText, nesting + 1));
  if (typeof value !== 'object') throw invalid(at, `must be JSON, not a ${typeof value}`);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [onText(key), plain(item, `${at}.${key}`, onText, nesting + 1)]),
  );
}

const invalid = (field: string, rule: string): RealizarError =>
  new RealizarError('invalid-argument', `${field} ${rule}`, { field });
