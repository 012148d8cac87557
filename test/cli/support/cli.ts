import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { vi } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';

const root = resolve(import.meta.dirname, '../../..');
export const demoModel = resolve(root, 'models/demo.gguf');

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command inside this process, as the command line would, and catches what it prints; `onPrint` sees all of it so far. */
export async function cli(
  args: readonly string[],
  input?: string,
  onPrint: (stdout: string) => void = () => {},
): Promise<Output> {
  let stdout = '';
  let stderr = '';
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((stdout += chunk.toString()), true)),
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => ((stderr += chunk.toString()), true)),
    vi.spyOn(console, 'log').mockImplementation((...parts) => onPrint((stdout += `${parts.join(' ')}\n`))),
    vi.spyOn(console, 'error').mockImplementation((...parts) => void (stderr += `${parts.join(' ')}\n`)),
  ];
  const stdin = Object.getOwnPropertyDescriptor(process, 'stdin')!;
  const fake = new PassThrough();
  if (input === undefined) Object.assign(fake, { isTTY: true });
  if (input !== undefined) fake.end(input);
  Object.defineProperty(process, 'stdin', { configurable: true, get: () => fake });
  try {
    await createProgram().parseAsync(['node', 'realizar', ...args]);
    return { stdout, stderr };
  } finally {
    Object.defineProperty(process, 'stdin', stdin);
    for (const spy of spies) spy.mockRestore();
  }
}

export interface Ended extends Output {
  readonly code: number | null;
}

/** Runs the command in a process of its own. */
export function realizar(...args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [resolve(root, 'src/cli/main.ts'), ...args],
      { encoding: 'utf8' },
      (error, stdout, stderr) =>
        done({ code: error ? ((error.code as number | undefined) ?? null) : 0, stdout, stderr }),
    );
  });
}

/** The same, for a process that stays: a server. */
export const startRealizar = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [resolve(root, 'src/cli/main.ts'), ...args]);
