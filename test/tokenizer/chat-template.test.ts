import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
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
  const titled = cases.map((c) => [`${c.template}: ${c.conversation}${c.tools ? ' with tools' : ''}${c.add_generation_prompt ? '' : ' without prompt'}`, c] as const);

  test.each(titled)('%s renders to the same text, or fails as it must', (_, c) => {
    const { template, bos_token, eos_token } = templates[c.template]!;
    const controlTokens = ['<|im_start|>', '<|im_end|>', '<|eot_id|>', '<|start_header_id|>', '</s>', '<s>'];
    const compiled = createChatTemplate(template, { bosToken: bos_token, eosToken: eos_token, controlTokens });
    const render = () => compiled.render(c.messages, { tools: c.tools ?? undefined, addGenerationPrompt: c.add_generation_prompt });
    if (c.text === undefined) expect(render).toThrow(RealizarError);
    else expect(render()).toBe(c.text);
  });
});
