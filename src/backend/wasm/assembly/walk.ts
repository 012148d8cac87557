// Every thread walks the same list of commands, to its end. The work of a command is cut into chunks; whoever is free takes
// the next. Which thread computes a chunk changes nothing in its result.
import {
  ARGUMENTS_WORD, ATTENTION, BARRIER, CHUNKS_WORD, COMMAND_WORDS, COUNTER_WORD, DONE_WORD, EMBED, END, EVERY_THREAD, FLAGS_WORD,
  GATED_LINEAR, GATHER_ROWS, JUMP, LINEAR, MERGE_BEST, PREPARE, REPACK, SCAN_BEST, WRITE_KEYS_VALUES,
} from '../opcodes';
import { attention } from './attention';
import { mergeBest, scanBest } from './best';
import { embed } from './embed';
import { gatedLinear } from './gated-linear';
import { gatherRows } from './gather-rows';
import { waitForAll } from './lib/barrier';
import { linear } from './linear-command';
import { prepare } from './prepare';
import { repack } from './repack';
import { writeKeysValues } from './write-keys-values';

/** Since this thread last waited: the first command, the chunks that there were, and those that it took. */
let first: usize = 0;
let chunksSince = 0;
let takenSince = 0;

export function run(list: usize, thread: i32, threads: i32): void {
  for (let command = list; command != 0;) {
    work(command, thread);
    command = proceed(command, threads);
  }
}

/** Does this thread's part of one command. */
export function work(command: usize, thread: i32): void {
  const opcode = load<i32>(command);
  if (opcode == END || opcode == JUMP) return;
  if (first == 0) first = command;
  const args = command + (ARGUMENTS_WORD << 2);
  const chunks = load<i32>(command, CHUNKS_WORD << 2);
  if (chunks == EVERY_THREAD) {
    if (takenSince > 0) execute(opcode, args, thread, thread);
    return;
  }
  chunksSince += chunks;
  for (;;) {
    const chunk = atomic.add<i32>(command, 1, COUNTER_WORD << 2);
    if (chunk >= chunks) return;
    if (takenSince == 0) workForItself(command, thread);
    takenSince += 1;
    execute(opcode, args, chunk, thread);
  }
}

/**
 * Does the commands before `end` that every thread does for itself. Only now that it has taken a chunk, for which others wait:
 * a thread that came late and found none would read and write what may be something else by then.
 */
function workForItself(end: usize, thread: i32): void {
  for (let command = first; command != end; command = next(command)) {
    const opcode = load<i32>(command);
    if (opcode == JUMP || load<i32>(command, CHUNKS_WORD << 2) != EVERY_THREAD) continue;
    execute(opcode, command + (ARGUMENTS_WORD << 2), thread, thread);
  }
}

/** Waits where the command says so until all chunks are done. @returns the next command; 0 at the end of the list */
export function proceed(command: usize, threads: i32): usize {
  const opcode = load<i32>(command);
  const isEnd = opcode == END;
  if (isEnd || (opcode != JUMP && load<i32>(command, FLAGS_WORD << 2) & BARRIER)) {
    if (!isEnd && threads > 1) waitForAll(command + (DONE_WORD << 2), takenSince, chunksSince);
    first = 0;
    chunksSince = takenSince = 0;
  }
  return isEnd ? 0 : next(command);
}

function next(command: usize): usize {
  if (load<i32>(command) == JUMP) return load<usize>(command, ARGUMENTS_WORD << 2);
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
