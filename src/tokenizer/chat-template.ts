import * as jinja from '@huggingface/jinja';
import { RealizarError } from '../errors.ts';
import type { ChatMessage, ChatTool } from './chat-message.ts';
import { GROWING_FILTERS, limit, MAX_RANGE, TemplateBudget } from './chat-template-budget.ts';
import type { TemplateValue } from './chat-template-budget.ts';
import { checkSource, literalsOf, withPlace } from './chat-template-syntax.ts';
import type { SyntaxToken } from './chat-template-syntax.ts';
import { chatVariables } from './chat-template-variables.ts';
import { strftime } from './strftime.ts';
import { fragmentsOf, UntrustedText } from './untrusted-text.ts';
import type { PromptSegment } from './untrusted-text.ts';

/** The tokens a template may name, and those that no message may contain. */
export interface TemplateTokens {
  readonly bosToken?: string | undefined;
  readonly eosToken?: string | undefined;
  readonly unkToken?: string | undefined;
  /** The texts of all control tokens. In a message they stay text. */
  readonly controlTokens?: readonly string[];
}

export interface RenderOptions {
  readonly tools?: readonly ChatTool[] | undefined;
  /** Whether the prompt ends where the assistant's answer begins. Default true. */
  readonly addGenerationPrompt?: boolean;
  /** Further variables, such as `enable_thinking`. */
  readonly templateOptions?: Readonly<Record<string, unknown>> | undefined;
  /** What `strftime_now` tells. Default: the time. */
  readonly now?: Date;
}

/** Messages and tools → prompt. */
export interface ChatTemplate {
  /**
   * The whole prompt.
   * @throws RealizarError `template-error` with what the template says is wrong, `template-limit`, `invalid-argument`
   */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
  /** The prompt in pieces, for `encodeChat`: pieces of messages that look like control tokens are not trusted. Throws as `render`. */
  renderSegments(messages: readonly ChatMessage[], options?: RenderOptions): PromptSegment[];
}

/**
 * Compiles a model's chat template: Jinja as Hugging Face's transformers set it up.
 *
 * A template comes with a model and may be hostile: it sees only the data of the request, and steps, time, depth and
 * the size of texts are limited.
 *
 * @throws RealizarError `template-error` for a syntax error, `template-limit` for an outsized template
 * @see https://huggingface.co/docs/transformers/chat_templating
 */
export function createChatTemplate(source: string, tokens: TemplateTokens = {}): ChatTemplate {
  checkSource(source);
  const program = guarded('has a syntax error', () => parse(source));
  const fragments = fragmentsOf(tokens.controlTokens ?? [], literalsOf(program));
  const named = { bos_token: tokens.bosToken, eos_token: tokens.eosToken, unk_token: tokens.unkToken };

  const renderSegments = (messages: readonly ChatMessage[], options: RenderOptions = {}): PromptSegment[] => {
    const { tools, addGenerationPrompt = true, templateOptions = {}, now = new Date() } = options;
    const texts = [source];
    chatVariables({ messages, tools, templateOptions }, (text) => (texts.push(text), text));
    const untrusted = new UntrustedText(fragments, texts);
    const variables = chatVariables({ messages, tools, templateOptions }, (text) => untrusted.hide(text));
    const shown = (text: string) =>
      untrusted
        .reveal(text)
        .map((segment) => segment.text)
        .join('');

    const environment = environmentOf({ ...variables, ...named, add_generation_prompt: addGenerationPrompt }, now);
    const rendered = guarded('failed', () => new BoundedInterpreter(environment).run(program).value as string, shown);
    return untrusted.reveal(rendered);
  };

  return {
    renderSegments,
    render: (messages, options) =>
      renderSegments(messages, options)
        .map(({ text }) => text)
        .join(''),
  };
}

/** A value of the library's. */
interface Value extends TemplateValue {
  readonly builtins: ReadonlyMap<string, Value>;
}
type Call = (args: Value[], environment: Environment) => Value;
interface Environment {
  set(name: string, value: unknown): unknown;
}
/** A node of its syntax tree, with whatever children. */
interface Node {
  readonly type: string;
  readonly [child: string]: unknown;
}

// The library's own declarations do not resolve under `nodenext`; this is the part of it that is used.
const Environment = jinja.Environment as unknown as new () => Environment;
const Interpreter = jinja.Interpreter as unknown as new (environment: Environment) => {
  run(program: Node): Value;
  evaluate(node: Node | undefined, environment: Environment): Value;
};
const parse = (source: string): Node => {
  const tokens = jinja.tokenize(source, { lstrip_blocks: true, trim_blocks: true }) as SyntaxToken[];
  return withPlace(source, tokens, (watched) => jinja.parse(watched) as Node);
};

/** What a template says itself with `raise_exception`. */
class Raised extends Error {}

function environmentOf(variables: Readonly<Record<string, unknown>>, now: Date): Environment {
  const environment = new Environment();
  const all = {
    ...variables,
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range: boundedRange,
    strftime_now: (format: unknown) => strftime(now, String(format)),
    raise_exception: (message: unknown) => {
      throw new Raised(String(message));
    },
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) environment.set(name, value);
  return environment;
}

/** Python's range. */
function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MAX_RANGE)) throw limit(`asks for a range of ${length} numbers; ${MAX_RANGE} are allowed`);
  return Array.from({ length }, (_, i) => start + i * step);
}

/** Every error of the Jinja library becomes one of ours. */
function guarded<T>(what: string, run: () => T, shown: (text: string) => string = (text) => text): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof RealizarError) throw error;
    if (error instanceof RangeError) throw limit('needs too much memory or nests too deep');
    const message = shown(error instanceof Error ? error.message : String(error));
    throw new RealizarError(
      'template-error',
      error instanceof Raised ? message : `The chat template ${what}: ${message}`,
      { field: 'chat_template', cause: error },
    );
  }
}

/** Stands in a tree for what an expression was found to be. */
class Computed implements Node {
  readonly type = 'Computed';
  readonly value: Value;
  readonly [child: string]: unknown;
  constructor(value: Value) {
    this.value = value;
  }
}

/** The library's interpreter with a budget. It looks into the operations by which a small template makes large things. */
class BoundedInterpreter extends Interpreter {
  readonly #budget = new TemplateBudget();

  override evaluate(node: Node | undefined, environment: Environment): Value {
    if (node instanceof Computed) return node.value;
    this.#budget.enter();
    try {
      const value = node ? this.#evaluated(node, environment) : super.evaluate(node, environment);
      this.#budget.check(value);
      return value;
    } finally {
      this.#budget.leave();
    }
  }

  #evaluated(node: Node, environment: Environment): Value {
    switch (node.type) {
      case 'For':
        return this.#for(node, environment);
      case 'MemberExpression':
        return this.#member(node, environment);
      case 'FilterExpression':
        return this.#filter(node, node['operand'], environment);
      case 'FilterStatement':
        return this.#filter(
          { ...node, type: 'FilterExpression' },
          { type: 'Program', body: node['body'] },
          environment,
        );
      default:
        return super.evaluate(node, environment);
    }
  }

  #compute(node: unknown, environment: Environment): Computed {
    return new Computed(this.evaluate(node as Node, environment));
  }

  /** Iterations cost a step each, also empty ones. */
  #for(node: Node, environment: Environment): Value {
    const select = node['iterable'] as Node;
    const selects = select.type === 'SelectExpression';
    const list = this.#compute(selects ? select['lhs'] : select, environment);
    if (Array.isArray(list.value.value)) this.#budget.spend(list.value.value.length);
    return super.evaluate({ ...node, iterable: selects ? { ...select, lhs: list } : list }, environment);
  }

  /** A member of something undefined is an error, as in Python. */
  #member(node: Node, environment: Environment): Value {
    const object = this.#compute(node['object'], environment);
    if (object.value.type === 'UndefinedValue') throw new Error('it looks for a part of something that is not defined');
    const member = super.evaluate({ ...node, object }, environment);
    const text = object.value.value;
    if (typeof text !== 'string' || member !== object.value.builtins.get('replace')) return member;

    const replace = member.value as Call;
    const bounded: Call = (args, scope) => {
      this.#budget.allowReplacement(text, args);
      return replace(args, scope);
    };
    return Object.assign(Object.create(Object.getPrototypeOf(member) as object) as Value, member, { value: bounded });
  }

  #filter(node: Node, operandNode: unknown, environment: Environment): Value {
    const filter = node['filter'] as Node;
    const operand = this.#compute(operandNode, environment);
    const callee = filter.type === 'CallExpression' ? (filter['callee'] as Node) : filter;
    if (filter.type !== 'CallExpression' || !GROWING_FILTERS.has(callee['value'] as string)) {
      return super.evaluate({ ...node, operand }, environment);
    }
    const given: Value[] = [];
    const args = (filter['args'] as Node[]).map((arg) => {
      const child =
        arg.type === 'KeywordArgumentExpression'
          ? 'value'
          : arg.type.endsWith('SpreadExpression')
            ? 'argument'
            : undefined;
      const computed = this.#compute(child ? arg[child] : arg, environment);
      given.push(computed.value);
      return child ? { ...arg, [child]: computed } : computed;
    });
    this.#budget.allowFilter(callee['value'] as string, operand.value, given);
    return super.evaluate({ ...node, operand, filter: { ...filter, args } }, environment);
  }
}
