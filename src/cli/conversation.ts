import { RealizarError } from '../errors.ts';
import type { ChatMessage } from '../engine/events.ts';

const roles = new Set<unknown>(['system', 'developer', 'user', 'assistant', 'tool']);

/** The messages of a chat: at most one system message, first; then turns. */
export class Conversation {
  #messages: ChatMessage[] = [];

  constructor(system?: string) {
    this.setSystem(system);
  }

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  add(message: ChatMessage): void {
    this.#messages.push(message);
  }

  dropLast(): void {
    this.#messages.pop();
  }

  setSystem(content: string | undefined): void {
    const turns = this.#messages.filter(({ role }) => role !== 'system');
    this.#messages = content === undefined ? turns : [{ role: 'system', content }, ...turns];
  }

  reset(): void {
    this.#messages = this.#messages.filter(({ role }) => role === 'system');
  }

  /** @throws RealizarError `invalid-argument` when nothing was answered yet */
  dropLastAnswer(): void {
    const last = this.#messages.findLastIndex(({ role }) => role === 'user');
    if (last < 0) throw new RealizarError('invalid-argument', 'There is no message to answer again.');
    this.#messages.length = last + 1;
  }

  toJson(): string {
    return `${JSON.stringify(this.#messages, null, 2)}\n`;
  }

  /**
   * Replaces the conversation by a saved one; leaves it as it is where the file is bad.
   * @throws RealizarError `bad-json`
   */
  load(json: string, path: string): void {
    let messages: unknown;
    try {
      messages = JSON.parse(json);
    } catch {
      throw new RealizarError('bad-json', `${path} is not JSON.`, { field: path });
    }
    if (!Array.isArray(messages) || !messages.every(isMessage)) {
      throw new RealizarError(
        'bad-json',
        `${path} has to hold an array of messages: [{ "role": "user", "content": "..." }, ...]`,
        { field: path },
      );
    }
    this.#messages = messages;
  }
}

function isMessage(value: unknown): value is ChatMessage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'role' in value &&
    roles.has(value.role) &&
    'content' in value &&
    typeof value.content === 'string'
  );
}
