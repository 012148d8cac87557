import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { RealizarError } from '../errors.ts';
import type { ChatTemplate } from './chat-template.ts';
import { createChatTemplate } from './chat-template.ts';
import { controlTokensOf } from './control-tokens.ts';
import type { Tokenizer } from './tokenizer.ts';

/** The templates of a model: the one for every chat, and where there is one its own for chats with tools. */
interface Sources {
  readonly chat: string;
  readonly toolUse: string | undefined;
}

/**
 * The chat template of a model: from GGUF's `tokenizer.chat_template`, or from `chat_template.jinja` or
 * `tokenizer_config.json` of a Hugging Face folder.
 *
 * It is compiled when it is first used: a model whose template is broken can still continue texts.
 *
 * @returns undefined where the model has none
 * @throws RealizarError `bad-json` | `bad-value` for a damaged `tokenizer_config.json`
 */
export function chatTemplateOf(
  checkpoint: Pick<Checkpoint, 'metadata' | 'companions' | 'name'>,
  tokenizer: Tokenizer,
): ChatTemplate | undefined {
  const sources =
    ggufSources(checkpoint.metadata) ?? jinjaFile(checkpoint.companions) ?? configSources(checkpoint.companions);
  if (!sources) return undefined;

  const tokenOf = (id: number | undefined) => (id === undefined ? undefined : tokenizer.tokenOf(id));
  const compiled = new Map<string, ChatTemplate>();
  const template = (withTools: boolean): ChatTemplate => {
    const source = (withTools ? sources.toolUse : undefined) ?? sources.chat;
    let made = compiled.get(source);
    if (!made) {
      const tokens = {
        bosToken: tokenOf(tokenizer.bosId),
        eosToken: tokenOf(tokenizer.eosId),
        unkToken: tokenOf(tokenizer.unknownId),
      };
      made = createChatTemplate(source, { ...tokens, controlTokens: controlTokensOf(tokenizer) });
      compiled.set(source, made);
    }
    return made;
  };
  return {
    render: (messages, options) => template(hasTools(options?.tools)).render(messages, options),
    renderSegments: (messages, options) => template(hasTools(options?.tools)).renderSegments(messages, options),
  };
}

function ggufSources(metadata: Checkpoint['metadata']): Sources | undefined {
  const chat = metadata.get('tokenizer.chat_template');
  const toolUse = metadata.get('tokenizer.chat_template.tool_use');
  if (typeof chat !== 'string' || chat.trim() === '') return undefined;
  return { chat, toolUse: typeof toolUse === 'string' ? toolUse : undefined };
}

function jinjaFile(companions: Checkpoint['companions']): Sources | undefined {
  const chat = text(companions.get('chat_template.jinja'));
  return chat.trim() === '' ? undefined : { chat, toolUse: undefined };
}

/** `chat_template` is one template, or a list of `{ name, template }`. */
function configSources(companions: Checkpoint['companions']): Sources | undefined {
  const given = configField(text(companions.get('tokenizer_config.json')));
  if (typeof given === 'string') return given.trim() === '' ? undefined : { chat: given, toolUse: undefined };
  if (given === undefined || given === null) return undefined;

  const named = new Map(
    (Array.isArray(given) ? given : []).map((entry: { name?: unknown; template?: unknown } | null) => [
      entry?.name,
      entry?.template,
    ]),
  );
  const chat = named.get('default');
  const toolUse = named.get('tool_use');
  if (typeof chat !== 'string')
    throw bad('bad-value', 'chat_template is neither a text nor a list with a template named "default"');
  return { chat, toolUse: typeof toolUse === 'string' ? toolUse : undefined };
}

function configField(json: string): unknown {
  if (json === '') return undefined;
  try {
    return (JSON.parse(json) as { chat_template?: unknown } | null)?.chat_template;
  } catch (cause) {
    throw bad('bad-json', 'is not valid JSON', cause);
  }
}

const hasTools = (tools: readonly unknown[] | undefined): boolean => tools !== undefined && tools.length > 0;

const text = (bytes: Uint8Array | undefined): string => (bytes ? new TextDecoder().decode(bytes) : '');

const bad = (code: 'bad-json' | 'bad-value', what: string, cause?: unknown): RealizarError =>
  new RealizarError(code, `tokenizer_config.json: ${what}`, { field: 'chat_template', cause });
