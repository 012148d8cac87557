#!/usr/bin/env node
import { CommanderError } from 'commander';
import { RealizarError } from '../errors.ts';
import { nodeObjection } from './node-version.ts';
import { createProgram } from './program.ts';

for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveWithReader);

const objection = nodeObjection();
if (objection === undefined) await main();
else {
  console.error(`Error: ${objection}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Exit codes: 0 done · 1 it failed, with one sentence on standard error · 2 the command line was wrong · 130 interrupted */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has already printed it
  if (error instanceof RealizarError) {
    if (error.code === 'aborted') return 130;
    console.error(`Error: ${error.message}`);
    return 1;
  }
  if (isSystemError(error)) {
    console.error(`Error: ${error.code === 'ENOENT' && error.path ? `${error.path} does not exist` : error.message}`);
    return 1;
  }
  console.error(error);
  console.error('This is a bug in realizar. Please report it with the command and the lines above.');
  return 1;
}

/** The reader of our output has left, as `| head` does: nobody waits for the rest. */
function leaveWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error;
}
