// Every thread walks the same list of commands, to its end. The work of a command is cut into chunks; whoever is free takes
// the next. Which thread computes a chunk changes nothing in its result.
import {
  ARGUMENTS_WORD, ATTENTION, BARRIER, CHUNKS_WORD, COMMAND_WORDS, COUNTER_WORD, EMBED, END, EVERY_THREAD, FLAGS_WORD,
  GATED_LINEAR, GATHER_ROWS, JUMP, LINEAR, MERGE_BEST, PREPARE, REPACK, SCAN_BEST, WRITE_KEYS_VALUES,
} from '../opcodes';
import { attention } from './attention';
import { mergeBest, scanBest } from './best';
import { embed } from './embed';
import { gatedLinear } from './gated-linear';
import { gatherRows } from './gather-rows';
import { wait } from './lib/barrier';
import { linear } from './linear-command';
import { prepare } from './prepare';
import { repack } from './repack';
import { writeKeysValues } from './write-keys-values';

export function run(list: usize, barrier: usize, thread: i32, threads: i32): void {
  for (let command = list; command != 0;) {
    work(command, thread);
    command = proceed(command, barrier, threads);
  }
}

/** Does this thread's part of one command. */
export function work(command: usize, thread: i32): void {
  const opcode = load<i32>(command);
  if (opcode == END || opcode == JUMP) return;
  const args = command + (ARGUMENTS_WORD << 2);
  const chunks = load<i32>(command, CHUNKS_WORD << 2);
  if (chunks == EVERY_THREAD) return execute(opcode, args, thread, thread);
  for (;;) {
    const chunk = atomic.add<i32>(command, 1, COUNTER_WORD << 2);
    if (chunk >= chunks) return;
    execute(opcode, args, chunk, thread);
  }
}

/** Waits for the others where the command says so. @returns the next command; 0 at the end of the list */
export function proceed(command: usize, barrier: usize, threads: i32): usize {
  const opcode = load<i32>(command);
  if (opcode == END) return 0;
  if (opcode == JUMP) return load<usize>(command, ARGUMENTS_WORD << 2);
  if (threads > 1 && load<i32>(command, FLAGS_WORD << 2) & BARRIER) wait(barrier, threads);
  return command + (COMMAND_WORDS << 2);
}

function execute(opcode: i32, args: usize, chunk: i32, thread: i32): void {
  switch (opcode) {
    case REPACK: return repack(args, chunk);
    case EMBED: return embed(args, chunk);
    case PREPARE: return prepare(args, chunk, thread);
    case LINEAR: return linear(args, chunk, thread);
    case GATED_LINEAR: return gatedLinear(args, chunk, thread);
    case WRITE_KEYS_VALUES: return writeKeysValues(args, chunk, thread);
    case ATTENTION: return attention(args, chunk, thread);
    case GATHER_ROWS: return gatherRows(args, chunk);
    case SCAN_BEST: return scanBest(args, chunk);
    case MERGE_BEST: return mergeBest(args, chunk);
    default: unreachable();
  }
}
