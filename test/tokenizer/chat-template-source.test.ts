import { describe, expect, test } from 'vitest';
import type { MetadataValue } from '../../src/checkpoint/checkpoint.ts';
import { chatTemplateOf } from '../../src/tokenizer/chat-template-source.ts';
import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts';

const tokens = ['<s>', '</s>', 'a'];
const tokenizer = {
  vocabSize: tokens.length,
  bosId: 0,
  eosId: 1,
  unknownId: undefined,
  tokenOf: (id: number) => tokens[id]!,
  isSpecial: (id: number) => id < 2,
} as unknown as Tokenizer;

const user = { role: 'user', content: 'Hi </s>' } as const;
const tool = { type: 'function', function: { name: 'f' } } as const;

const templateOf = (metadata: Record<string, MetadataValue>, companions: Record<string, string> = {}) =>
  chatTemplateOf(
    {
      name: 'model',
      metadata: new Map(Object.entries(metadata)),
      companions: new Map(Object.entries(companions).map(([name, text]) => [name, new TextEncoder().encode(text)])),
    },
    tokenizer,
  );
const config = (chatTemplate: unknown) => ({
  'tokenizer_config.json': JSON.stringify({ chat_template: chatTemplate }),
});

describe('chatTemplateOf', () => {
  test('finds the template of a GGUF file, and gives it the names of the tokens', () => {
    const template = templateOf({
      'tokenizer.chat_template': '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}',
    })!;
    expect(template.render([user])).toBe('<s>Hi </s></s>');
    expect(template.renderSegments([user]).filter(({ trusted }) => !trusted)).toEqual([
      { text: '</s>', trusted: false },
    ]);
  });

  test('takes the one for tools where there are tools', () => {
    const template = templateOf({ 'tokenizer.chat_template': 'chat', 'tokenizer.chat_template.tool_use': 'tools' })!;
    expect([
      template.render([user]),
      template.render([user], { tools: [] }),
      template.render([user], { tools: [tool] }),
    ]).toEqual(['chat', 'chat', 'tools']);
  });

  test('takes chat_template.jinja of a folder before tokenizer_config.json', () => {
    expect(templateOf({}, { ...config('config'), 'chat_template.jinja': 'file' })!.render([user])).toBe('file');
    expect(templateOf({}, config('config'))!.render([user])).toBe('config');
  });

  test('chooses among named templates', () => {
    const named = [{ name: 'default', template: 'chat' }, { name: 'tool_use', template: 'tools' }, null];
    const template = templateOf({}, config(named))!;
    expect([template.render([user]), template.render([user], { tools: [tool] })]).toEqual(['chat', 'tools']);
    expect(templateOf({}, config([named[0]]))!.render([user], { tools: [tool] })).toBe('chat');
  });

  test.each([
    [{}],
    [config(null)],
    [config('')],
    [{ 'tokenizer_config.json': 'null' }],
    [{ 'chat_template.jinja': ' \n' }],
  ])('is undefined where the model has none: %j', (companions) => {
    expect(templateOf({}, companions as Record<string, string>)).toBeUndefined();
  });

  test.each([
    ['bad-json', { 'tokenizer_config.json': '{' }],
    ['bad-value', config(7)],
    ['bad-value', config([{ name: 'tool_use', template: 'x' }])],
  ])('refuses a damaged tokenizer_config.json with %s', (code, companions) => {
    expect(() => templateOf({}, companions)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('tokenizer_config.json') as string }),
    );
  });

  test('a broken template is only an error when it is used', () => {
    const template = templateOf({ 'tokenizer.chat_template': '{% if %}' })!;
    expect(() => template.render([user])).toThrow(expect.objectContaining({ code: 'template-error' }));
  });
});
