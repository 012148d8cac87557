import { describe, expect, test } from 'vitest';
import { Conversation } from '../../src/cli/conversation.ts';

const user = (content: string) => ({ role: 'user', content }) as const;
const assistant = (content: string) => ({ role: 'assistant', content }) as const;
const system = (content: string) => ({ role: 'system', content }) as const;

describe('a conversation', () => {
  test('keeps its system message first, and one only', () => {
    const conversation = new Conversation('be kind');
    conversation.add(user('hi'));
    conversation.setSystem('be brief');
    expect(conversation.messages).toEqual([system('be brief'), user('hi')]);
    conversation.setSystem(undefined);
    expect(conversation.messages).toEqual([user('hi')]);
  });

  test('forgets its turns and keeps its system message', () => {
    const conversation = new Conversation('be kind');
    conversation.add(user('hi'));
    conversation.reset();
    expect(conversation.messages).toEqual([system('be kind')]);
  });

  test('drops everything after the last question', () => {
    const conversation = new Conversation();
    for (const message of [user('a'), assistant('b'), user('c'), assistant('d')]) conversation.add(message);
    conversation.dropLastAnswer();
    expect(conversation.messages).toEqual([user('a'), assistant('b'), user('c')]);
  });

  test('has nothing to answer again before the first question', () => {
    expect(() => new Conversation('be kind').dropLastAnswer()).toThrow('no message to answer');
  });

  test('comes back from JSON as it was', () => {
    const conversation = new Conversation('be kind');
    conversation.add(user('hi 🦊'));
    const copy = new Conversation();
    copy.load(conversation.toJson(), 'talk.json');
    expect(copy.messages).toEqual(conversation.messages);
  });

  test.for([
    '',
    '{}',
    'null',
    '[1]',
    '[{"role":"user"}]',
    '[{"role":"king","content":"hi"}]',
    '[{"role":"user","content":1}]',
  ])('stays as it is when the file holds %s', (json) => {
    const conversation = new Conversation('be kind');
    expect(() => conversation.load(json, 'talk.json')).toThrow(/talk\.json/);
    expect(conversation.messages).toEqual([system('be kind')]);
  });
});
