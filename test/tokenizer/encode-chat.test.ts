import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../src/checkpoint/checkpoint.ts';
import { fileSource, openGguf } from '../../src/gguf/index.ts';
import type { ChatMessage } from '../../src/tokenizer/chat-message.ts';
import { chatTemplateOf } from '../../src/tokenizer/chat-template-source.ts';
import { createChatTemplate } from '../../src/tokenizer/chat-template.ts';
import { encodeChat } from '../../src/tokenizer/encode-chat.ts';
import { tokenizerFromGguf } from '../../src/tokenizer/from-gguf.ts';
import { tokenizerFromJson } from '../../src/tokenizer/from-json.ts';
import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { derivedModel, describeWithInputs, sharedPath } from '../support/inputs.ts';

const controls = ['<|im_start|>', '<|im_end|>', '</s>'];
const FIRST_CONTROL = 128;
const control = /<\|im_start\|>|<\|im_end\|>|<\/s>/g;

const plain = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0)!);

/** One id per ASCII character, and one per control token. */
const characters = {
  vocabSize: FIRST_CONTROL + controls.length,
  isSpecial: (id: number) => id >= FIRST_CONTROL,
  tokenOf: (id: number) => controls[id - FIRST_CONTROL] ?? String.fromCodePoint(id),
  encode(text: string, { parseSpecial = true } = {}) {
    const ids: number[] = [];
    let at = 0;
    for (const match of parseSpecial ? text.matchAll(control) : []) {
      ids.push(...plain(text.slice(at, match.index)));
      ids.push(FIRST_CONTROL + controls.indexOf(match[0]));
      at = match.index + match[0].length;
    }
    ids.push(...plain(text.slice(at)));
    return ids;
  },
} as Tokenizer;

describe('encodeChat', () => {
  test('parses the control tokens of the template, and of the messages none', () => {
    const parts = fc.oneof(
      fc.constantFrom(...controls),
      fc.constantFrom(...Array.from('<|/s>im_end a')),
      fc.constantFrom('<|im_', 'end|>'),
    );
    const content = fc.array(parts, { maxLength: 6 }).map((pieces) => pieces.join(''));
    const source =
      "{% for m in messages %}{{ '<|im_start|>' + m.content + '<|im_end|>' }}</s>{{ m.content }}{% endfor %}";
    const template = createChatTemplate(source, { controlTokens: controls });
    fc.assert(
      fc.property(fc.array(content, { maxLength: 3 }), (contents) => {
        const ids = encodeChat(
          characters,
          template.renderSegments(contents.map((text) => ({ role: 'user', content: text }))),
        );
        expect(ids).toEqual(
          contents.flatMap((text) => [
            FIRST_CONTROL,
            ...plain(text),
            FIRST_CONTROL + 1,
            FIRST_CONTROL + 2,
            ...plain(text),
          ]),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('gives the tokenizer a message that looks like a control token in one piece', () => {
    const pieces: [string, boolean][] = [];
    const recording = {
      ...characters,
      encode: (text: string, { parseSpecial = true } = {}) => (pieces.push([text, parseSpecial]), []),
    } as Tokenizer;
    const template = createChatTemplate("{{ 'You: <|im_start|>' + messages[0].content + '<|im_end|>' }}!", {
      controlTokens: controls,
    });
    encodeChat(recording, template.renderSegments([{ role: 'user', content: 'a </s> b' }]));
    expect(pieces).toEqual([
      ['You: <|im_start|>', true],
      ['a </s> b', false],
      ['<|im_end|>!', true],
    ]);
  });

  test('gives the tokenizer the whole prompt where no message looks like a control token', () => {
    const pieces: string[] = [];
    const recording = { ...characters, encode: (text: string) => (pieces.push(text), []) } as Tokenizer;
    encodeChat(recording, [{ text: '<|im_start|>a<|im_end|>', trusted: true }]);
    expect(pieces).toEqual(['<|im_start|>a<|im_end|>']);
  });
});

const folder = derivedModel('SmolLM2-135M-Instruct');
const gguf = sharedPath('models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf');
const golden = sharedPath('reference/smollm2/greedy.F16.json');
const prompts = sharedPath('reference/smollm2/prompts.json');

const file = (name: string) => new Uint8Array(readFileSync(`${folder}/${name}`));
const json = (name: string): unknown => JSON.parse(new TextDecoder().decode(file(name)));

describeWithInputs('chat prompts of SmolLM2', [folder, gguf, golden, prompts], () => {
  const expected = JSON.parse(readFileSync(golden, 'utf8')) as Record<string, { prompt: number[] }>;
  const chats = (JSON.parse(readFileSync(prompts, 'utf8')) as { id: string; messages?: ChatMessage[] }[]).filter(
    ({ messages }) => messages,
  );

  test('are the reference ids, from the GGUF file', async () => {
    const checkpoint = await openGguf(await fileSource(gguf));
    const tokenizer = tokenizerFromGguf(checkpoint.metadata);
    const template = chatTemplateOf(checkpoint, tokenizer)!;
    await checkpoint.close();
    for (const { id, messages } of chats)
      expect([id, encodeChat(tokenizer, template.renderSegments(messages!))]).toEqual([id, expected[id]!.prompt]);
  });

  test('are the reference ids, from the Hugging Face folder', () => {
    const tokenizer = tokenizerFromJson(
      json('tokenizer.json'),
      json('tokenizer_config.json'),
      json('generation_config.json'),
    );
    const checkpoint = {
      name: 'SmolLM2',
      metadata: new Map(),
      companions: new Map([['tokenizer_config.json', file('tokenizer_config.json')]]),
    } satisfies Partial<Checkpoint>;
    const template = chatTemplateOf(checkpoint, tokenizer)!;
    for (const { id, messages } of chats)
      expect([id, encodeChat(tokenizer, template.renderSegments(messages!))]).toEqual([id, expected[id]!.prompt]);
  });
});
