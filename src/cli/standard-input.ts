import { text } from 'node:stream/consumers';

/**
 * A text argument; or what standard input holds, where it is `-`, or missing and something is piped. Undefined: there is none.
 */
export async function textOrStandardInput(argument: string | undefined): Promise<string | undefined> {
  if (argument === '-') return text(process.stdin);
  if (argument !== undefined || process.stdin.isTTY) return argument;
  return (await text(process.stdin)) || undefined; // without a terminal, standard input is often there and empty
}

/** Lines of standard input as they come. Only \n ends one: JSON strings may hold the other line ends that readline splits at. */
export async function* linesOfStandardInput(): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}
