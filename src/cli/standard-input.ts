import { text } from 'node:stream/consumers';

/** A text argument, or what standard input holds where it is `-` or missing and input is piped. Undefined: there is none. */
export async function textOrStandardInput(argument: string | undefined): Promise<string | undefined> {
  if (argument === '-' || (argument === undefined && !process.stdin.isTTY)) return text(process.stdin);
  return argument;
}
