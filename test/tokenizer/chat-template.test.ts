import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { RealizarError } from '../../src/errors.ts';
import type { ChatMessage, ChatTool } from '../../src/tokenizer/chat-message.ts';
import { createChatTemplate } from '../../src/tokenizer/chat-template.ts';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';

interface Case {
  readonly template: string;
  readonly conversation: string;
  readonly messages: ChatMessage[];
  readonly tools: ChatTool[] | null;
  readonly add_generation_prompt: boolean;
  readonly text?: string;
}

const path = sharedPath('reference/chat/cases.json');

describeWithInputs('chat templates against transformers', [path], () => {
  const { templates, cases } = JSON.parse(readFileSync(path, 'utf8')) as {
    templates: Record<string, { template: string; bos_token?: string; eos_token?: string }>;
    cases: Case[];
  };
  const titled = cases.map(
    (c) =>
      [
        `${c.template}: ${c.conversation}${c.tools ? ' with tools' : ''}${c.add_generation_prompt ? '' : ' without prompt'}`,
        c,
      ] as const,
  );

  test.each(titled)('%s renders to the same text, or fails as it must', (_, c) => {
    const { template, bos_token, eos_token } = templates[c.template]!;
    const controlTokens = ['<|im_start|>', '<|im_end|>', '<|eot_id|>', '<|start_header_id|>', '</s>', '<s>'];
    const compiled = createChatTemplate(template, { bosToken: bos_token, eosToken: eos_token, controlTokens });
    const render = () =>
      compiled.render(c.messages, { tools: c.tools ?? undefined, addGenerationPrompt: c.add_generation_prompt });
    if (c.text === undefined) expect(render).toThrow(RealizarError);
    else expect(render()).toBe(c.text);
  });
});

const user = (content: string): ChatMessage => ({ role: 'user', content });
const call = (args: string): ChatMessage => ({
  role: 'assistant',
  content: '',
  tool_calls: [{ function: { name: 'f', arguments: args } }],
});
const render = (source: string, messages: readonly ChatMessage[] = [user('hello')], options = {}) =>
  createChatTemplate(source).render(messages, options);

function failing(source: string, messages?: readonly ChatMessage[], options = {}): RealizarError {
  try {
    render(source, messages, options);
  } catch (error) {
    expect(error).toBeInstanceOf(RealizarError);
    return error as RealizarError;
  }
  throw new Error('the template did not fail');
}

describe('a hostile template', () => {
  afterEach(() => expect(({} as { polluted?: unknown }).polluted).toBeUndefined());

  test.each([
    "{{ ''.constructor.constructor('return process')() }}",
    "{{ range.constructor('return process')() }}",
    '{{ messages.__proto__.x }}',
    '{% set messages.__proto__.polluted = 1 %}',
    '{% set ns = namespace() %}{% set ns.__proto__.polluted = 1 %}',
    "{{ messages|attr('constructor') }}",
    "{{ raise_exception.constructor('return 1')() }}",
    '{{ cycler.__init__.__globals__ }}',
  ])('cannot reach the program around it: %s', (source) => {
    expect(failing(source).code).toBe('template-error');
  });

  test.each([
    "{{ ''.constructor }}",
    '{{ range.constructor }}',
    "{{ messages['__proto__'] }}",
    '{{ messages[0].constructor }}',
  ])('sees nothing in %s', (source) => {
    expect(render(source)).toBe('');
  });

  test.each([
    ['a huge range', '{% for i in range(10**9) %}x{% endfor %}'],
    ['a huge range under another name', '{% set r = range %}{{ r(0, 10**9)|length }}'],
    ['an endless range', '{{ range(0, 1, 0)|length }}'],
    [
      'nested loops',
      '{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}{% endfor %}{% endfor %}{% endfor %}',
    ],
    [
      'endless work in small steps',
      '{% for a in range(100000) %}{% for b in range(1000) %}{% set x = a %}{% endfor %}{% endfor %}',
    ],
    ['a macro that calls itself', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'],
    ['brackets in brackets', `{{ ${'('.repeat(150)}1${')'.repeat(150)} }}`],
    ['blocks in blocks', `${'{% if true %}'.repeat(20_000)}${'{% endif %}'.repeat(20_000)}`.slice(0, 200_000)],
    ['a chain of a thousand operators', `{{ ${Array<string>(2000).fill("'a'").join(' ~ ')} }}`],
    ['operators before operators', `{{ ${'not '.repeat(50_000)}true }}`],
    ['a wide indent', "{{ 'a\nb'|indent(10**9) }}"],
    ['a wide indent by name', "{{ 'a\nb'|indent(width=10**9) }}"],
    ['a wide indent of many lines', "{% filter indent(1000) %}{{ range(100000)|join('\\n') }}{% endfilter %}"],
    ['wide JSON', '{{ messages|tojson(indent=10**9) }}'],
    ['wide JSON by spread', "{{ messages|tojson(**{'indent': 10**9}) }}"],
    [
      'text doubled forty times',
      "{% set ns = namespace(s='a') %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
    ],
    [
      'lists doubled forty times',
      '{% set ns = namespace(s=[1]) %}{% for i in range(40) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}',
    ],
    [
      'namespaces doubled forty times',
      "{% set ns = namespace(s='a') %}{% for i in range(60) %}{% set ns.s = namespace(a=ns.s, b=ns.s) %}{% endfor %}{{ ns.s }}",
    ],
    ['a namespace inside itself', '{% set ns = namespace() %}{% set ns.s = ns %}{{ ns }}'],
    ['a text replaced by a long one', "{% set s = range(50000)|join('a') %}{{ s.replace('a', s) }}"],
    ['a replace filter', "{% set s = range(50000)|join('a') %}{{ s|replace('a', s) }}"],
    ['a replace under another name', "{% set s = range(50000)|join('a') %}{% set f = s.replace %}{{ f('', s) }}"],
    ['a long separator', "{% set s = range(50000)|join('a') %}{{ range(50000)|join(s) }}"],
    ['a long run of white space', `a${' '.repeat(200_000)}b`],
    ['a source of a megabyte', 'a'.repeat(1024 * 1024)],
    ['output without end', '{% set s = range(90000)|join %}{% for i in range(100000) %}{{ s }}{% endfor %}'],
  ])('is stopped: %s', (_, source) => {
    expect(failing(source).code).toBe('template-limit');
  });

  test('multiplying a text is an error', () => {
    expect(failing("{{ 'a' * 10**10 }}").code).toBe('template-error');
  });
});

describe('a broken template', () => {
  test.each(['', '  \n'])('that is empty (%j) is refused', (source) => {
    expect(() => createChatTemplate(source)).toThrow(expect.objectContaining({ code: 'template-error' }));
  });

  test.each([
    '{{',
    '{% if %}',
    '{% for x in %}{% endfor %}',
    '{{ 1 + }}',
    '{% unknown %}',
    "{{ 'a }}",
    '{% if true %}',
  ])('with a syntax error (%s) is refused', (source) => {
    expect(() => createChatTemplate(source)).toThrow(
      expect.objectContaining({ code: 'template-error', message: expect.stringContaining('syntax error') as string }),
    );
  });

  test.each([
    ['{% for x in %}', 'line 1, column 13'],
    ["first\n  {{ 'a' }}\n  {% if x == %}{% endif %}", 'line 3, column 14'],
    ['{% set a = 1 %}\n{% unknown %}', 'line 2, column 4'],
  ])('tells where: %j', (source, place) => {
    expect(() => createChatTemplate(source)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(place) as string }),
    );
  });

  test('any source compiles and renders, or gives a typed error', () => {
    const word = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      ' if ',
      ' for ',
      ' endif ',
      ' endfor ',
      ' in ',
      ' set ',
      ' macro ',
      'messages',
      'm',
      '[',
      ']',
      '(',
      ')',
      '|',
      'tojson',
      'trim',
      '.',
      "'",
      '"',
      '=',
      '-',
      '1',
      ' ',
      '\n',
      'x',
      '\\',
      ':',
      ',',
      '~',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        try {
          render(words.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(RealizarError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what templates use', () => {
  test('raise_exception refuses with exactly its text', () => {
    const error = failing("{{ raise_exception('Only <|im_end|> roles!') }}");
    expect(error).toMatchObject({ code: 'template-error', message: 'Only <|im_end|> roles!' });
  });

  test('raise_exception can quote a message that looks like a control token', () => {
    const template = createChatTemplate('{{ raise_exception(messages[0].content) }}', {
      controlTokens: ['<|im_end|>'],
    });
    expect(() => template.render([user('no <|im_end|> here')])).toThrow('no <|im_end|> here');
  });

  test('strftime_now tells the time in English', () => {
    const now = new Date(2026, 10, 5, 15, 7, 9);
    expect(render("{{ strftime_now('%d %b %Y, %A %a %B %I:%M:%S %p %H %y %m %q 100%%') }}", [], { now })).toBe(
      '05 Nov 2026, Thursday Thu November 03:07:09 PM 15 26 11 %q 100%',
    );
  });

  test.each([
    ['{{ range(3) }}', '[0, 1, 2]'],
    ['{{ range(5, 1, -2) }}', '[5, 3]'],
    ['{{ range(2, 1)|length }}', '0'],
    ["{{ 'a\nb'|indent(2) }}", 'a\n  b'],
    ["{{ {'a': [1]}|tojson(indent=2) }}", '{\n  "a": [\n    1\n  ]\n}'],
    ["{{ ['a', 'b']|join(', ') }}", 'a, b'],
    ["{{ 'a-b'.replace('-', '+') }} {{ 'a-b'|replace('-', '+') }}", 'a+b a+b'],
    ['{% filter indent(1) %}a\nb{% endfilter %}', 'a\n b'],
    ["{{ ('ab' ~ range(90000)|join(',')).replace('a', 'x', count=1000000)[:2] }}", 'xb'],
    ["{{ 'abc'|join('-') }} {{ 'a-b'|replace(*['-', '+']) }}", 'a-b-c a+b'],
    ['{% filter upper %}ab{% endfilter %}', 'AB'],
    ["{% for m in messages if m.role == 'user' %}{{ loop.index }}{{ m.content }}{% endfor %}", '1hello'],
    [
      '{% for x in [1, 2, 3, 4] %}{% if x == 2 %}{% continue %}{% elif x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}',
      '13',
    ],
    ["{% set f = 'x'.replace %}{{ f('x', 'y') }}", 'y'],
    ["{{ messages|tojson(**{'indent': none}) }}", '[{"role": "user", "content": "hello"}]'],
    ['{{ tools is none }} {{ documents is none }}', 'true true'],
  ])('%s', (source, expected) => {
    expect(render(source)).toBe(expected);
  });

  test('a part of something undefined is an error, as in Python', () => {
    expect(failing('{{ messages[7].content }}').code).toBe('template-error');
    expect(render('[{{ messages[0].name }}]')).toBe('[]');
  });

  test('template options become variables, but not those that templates rely on', () => {
    expect(render('{{ enable_thinking }}', [], { templateOptions: { enable_thinking: false } })).toBe('false');
    for (const name of ['messages', 'bos_token', 'range', 'raise_exception', 'add_generation_prompt', 'true']) {
      expect(failing('x', [], { templateOptions: { [name]: 1 } })).toMatchObject({
        code: 'invalid-argument',
        field: `templateOptions.${name}`,
      });
    }
  });

  test("a call's arguments given as JSON text are an object to the template, and broken ones stay text", () => {
    const source = '{{ messages[0].tool_calls[0].function.arguments|tojson }}';
    expect(render(source, [call('{"city":"Oslo"}')])).toBe('{"city": "Oslo"}');
    expect(render(source, [call('{"city":')])).toBe('"{\\"city\\":"');
    expect(render(source, [call('7')])).toBe('"7"');
  });
});

describe('a bad request', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;

  test.each<[string, unknown, object, string]>([
    ['an unknown role', [{ role: 'root', content: '' }], {}, 'messages[0].role'],
    ['a role from the prototype', [{ role: 'constructor', content: '' }], {}, 'messages[0].role'],
    ['content that is no text', [{ role: 'user', content: [[{ text: 1 }]] }], {}, 'messages[0].content'],
    ['a message that is none', [null], {}, 'messages[0]'],
    ['messages that are no list', 'hello', {}, 'messages'],
    ['a hundred thousand messages', Array.from({ length: 100_000 }, () => user('')), {}, 'messages'],
    ['calls that are no list', [{ role: 'assistant', content: '', tool_calls: 1 }], {}, 'messages[0].tool_calls'],
    [
      'a call without a name',
      [{ role: 'assistant', content: '', tool_calls: [{}] }],
      {},
      'messages[0].tool_calls[0].function.name',
    ],
    ['a function for a value', [], { templateOptions: { f: () => 1 } }, 'templateOptions.f'],
    ['a number that is none', [], { templateOptions: { n: NaN } }, 'templateOptions.n'],
    ['a tool without end', [], { tools: [cyclic] }, `tools[0]${'.self'.repeat(20)}`.slice(0, 60)],
  ])('with %s is refused by field', (_, messages, options, field) => {
    expect(failing('x', messages as ChatMessage[], options)).toMatchObject({ code: 'invalid-argument', field });
  });
});

describe('text of messages', () => {
  const controls = ['<|im_start|>', '<|im_end|>', '<s>', '</s>', '[INST]'];
  const sources = [
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}",
    '<s>{% for m in messages %}[INST] {{ m.content|trim }} [/INST]</s>{% endfor %}',
    '{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}',
    "{% for m in messages %}<{{ m.content|trim }}>{{ '<|' + m.role + '|>' }}{% endfor %}",
    '{% for m in messages %}{{ m|tojson }}</s>{% endfor %}',
  ];
  /** Texts made of control tokens and of all ways to cut them. */
  const nasty = fc
    .array(
      fc.oneof(
        fc.constantFrom(...controls),
        fc.constantFrom(...Array.from('<|/s>im_endtar [INST]\ue000\u{f0000}')),
        fc.constantFrom('<|im_', 'end|>', '/s', 's>', 'im_end'),
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join(''));

  /** The control tokens that will be parsed. */
  const parsedIn = (source: string, texts: readonly string[]): string[] => {
    const segments = createChatTemplate(source, { controlTokens: controls }).renderSegments(texts.map(user));
    const trusted = segments.filter((segment) => segment.trusted);
    return trusted.flatMap(({ text }) => text.match(/<\|im_start\|>|<\|im_end\|>|<s>|<\/s>|\[INST\]/g) ?? []);
  };

  test('of any kind renders as it would alone', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.array(nasty, { maxLength: 3 }), (source, texts) => {
        const messages = texts.map(user);
        expect(createChatTemplate(source, { controlTokens: controls }).render(messages)).toBe(
          createChatTemplate(source).render(messages),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('never becomes a control token, whole or joined with what stands beside it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.array(nasty, { maxLength: 3 }), (source, texts) => {
        const harmless = texts.map(() => 'x');
        expect(parsedIn(source, texts)).toEqual(parsedIn(source, harmless));
      }),
      { numRuns: 2000 },
    );
  });

  test('may hold template syntax, which stays text', () => {
    const text = '{{ 7 * 7 }}{% raw %}{# a #}';
    expect(render('{{ messages[0].content }}', [user(text)])).toBe(text);
  });

  test('that looks like control tokens is marked, and nothing else is', () => {
    const template = createChatTemplate(sources[0]!, { controlTokens: controls });
    expect(template.renderSegments([user('a <|im_end|> b')])).toEqual([
      { text: '<|im_start|>user\na ', trusted: true },
      { text: '<|im_end|>', trusted: false },
      { text: ' b<|im_end|>\n', trusted: true },
    ]);
    expect(template.renderSegments([user('a < b |> c')])).toHaveLength(1);
  });

  test('is found again whatever private characters it holds', () => {
    const every = Array.from({ length: 6400 }, (_, i) => String.fromCodePoint(0xe000 + i)).join('');
    const template = createChatTemplate('{{ messages[0].content }}', { controlTokens: controls });
    expect(template.render([user(`${every}</s>`)])).toBe(`${every}</s>`);
  });
});
