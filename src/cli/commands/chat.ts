import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { RealizarError } from '../../errors.ts';
import type { EngineApi } from '../../engine/engine-api.ts';
import type { ChatMessage, GenerateOptions } from '../../engine/events.ts';
import { Conversation } from '../conversation.ts';
import { loadWithProgress } from '../loading.ts';
import { loadOptionsOf, samplingOf, type LoadFlags } from '../options.ts';

export interface ChatFlags extends LoadFlags {
  readonly maxTokens?: number;
  readonly system?: string;
  readonly promptLookup: number;
  readonly history?: string;
}

const HELP = `/help            this list
/system TEXT     set the system message (without TEXT: remove it)
/save FILE       write the conversation as JSON
/load FILE       read a conversation
/reset           forget the conversation, keep the system message
/regenerate      answer the last message again
/exit            leave (or Ctrl-D)
Ctrl-C stops an answer.`;

/** `realizar chat`: a conversation in the terminal; with piped input, one line of it is one message. */
export async function chat(model: string, flags: ChatFlags): Promise<void> {
  await using engine = await loadWithProgress(model, loadOptionsOf(flags));
  if (!engine.hasChatTemplate)
    throw new RealizarError(
      'template-error',
      `${engine.modelId} has no chat template. Use "realizar run ${model} PROMPT --raw" to continue a text.`,
    );

  const conversation = new Conversation(flags.system);
  if (flags.history !== undefined && existsSync(flags.history))
    conversation.load(await readFile(flags.history, 'utf8'), flags.history);
  const sampling: GenerateOptions = {
    ...samplingOf({ ...flags }),
    promptLookup: flags.promptLookup,
    ...(flags.maxTokens !== undefined && { maxTokens: flags.maxTokens }),
  };

  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: '> ',
    ...(!process.stdin.isTTY && { terminal: false }), // by default it is as the output is, and echoes what is piped in
  });
  let answering: AbortController | undefined;
  terminal.on('SIGINT', () => {
    if (answering) return answering.abort();
    terminal.write(null, { ctrl: true, name: 'u' }); // forget what was typed
    console.log('\n(type /exit or press Ctrl-D to leave)');
    terminal.prompt();
  });

  const answer = async () => {
    answering = new AbortController();
    try {
      const text = await printAnswer(engine, conversation.messages, { ...sampling, signal: answering.signal });
      conversation.add({ role: 'assistant', content: text });
    } finally {
      answering = undefined;
    }
  };

  // Piped input may have ended long before its last line is answered, and a closed terminal cannot be asked.
  let open = true;
  terminal.once('close', () => (open = false));
  const prompt = () => open && process.stdin.isTTY && terminal.prompt();

  if (process.stdin.isTTY) console.log(`${engine.modelId}. Type a message, or /help.`);
  prompt();
  for await (const line of terminal) {
    try {
      if ((await obey(line, conversation, answer)) === 'exit') break;
    } catch (error) {
      if (!(error instanceof RealizarError)) throw error;
      console.error(`Error: ${error.message}`); // the conversation goes on
    }
    prompt();
  }
  terminal.close();
  if (flags.history !== undefined) await writeFile(flags.history, conversation.toJson());
}

async function printAnswer(
  engine: EngineApi,
  messages: readonly ChatMessage[],
  options: GenerateOptions,
): Promise<string> {
  let text = '';
  for await (const piece of engine.chat(messages, options)) {
    text += piece;
    process.stdout.write(piece);
  }
  process.stdout.write('\n');
  return text;
}

/** Runs one line: a command, or a message to answer. */
async function obey(
  line: string,
  conversation: Conversation,
  answer: () => Promise<void>,
): Promise<'exit' | undefined> {
  const [, command, argument = ''] = /^\/(\w+)\s*(.*)$/s.exec(line.trim()) ?? [];
  switch (command) {
    case undefined:
      if (line.trim() === '') return undefined;
      conversation.add({ role: 'user', content: line });
      try {
        await answer();
      } catch (error) {
        conversation.dropLast(); // such as one that is too long: it would fail every message after it
        throw error;
      }
      return undefined;
    case 'help':
      console.log(HELP);
      return undefined;
    case 'system':
      conversation.setSystem(argument === '' ? undefined : argument);
      console.log(argument === '' ? 'System message removed.' : 'System message set.');
      return undefined;
    case 'save':
      await writeFile(pathFrom(argument, command), conversation.toJson()).catch(() => notUsable(argument, 'written'));
      console.log(`Saved ${conversation.messages.length} messages.`);
      return undefined;
    case 'load':
      conversation.load(
        await readFile(pathFrom(argument, command), 'utf8').catch(() => notUsable(argument, 'read')),
        argument,
      );
      console.log(`Loaded ${conversation.messages.length} messages.`);
      return undefined;
    case 'reset':
      conversation.reset();
      console.log('Forgotten.');
      return undefined;
    case 'regenerate':
      conversation.dropLastAnswer();
      await answer();
      return undefined;
    case 'exit':
    case 'quit':
      return 'exit';
    default:
      throw new RealizarError('invalid-argument', `There is no command /${command}. /help lists them.`);
  }
}

function pathFrom(argument: string, command: string): string {
  if (argument !== '') return argument;
  throw new RealizarError('invalid-argument', `/${command} needs a file name, such as /${command} talk.json`);
}

function notUsable(path: string, how: 'read' | 'written'): never {
  throw new RealizarError('file-not-found', `${path} cannot be ${how}.`);
}
