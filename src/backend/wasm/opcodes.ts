// The commands a recorded list is made of. This file is compiled twice: as TypeScript for the recorder and as
// AssemblyScript for the kernels, so it holds plain constants only.

/** End of the list. */
export const END = 0;
/** The list goes on elsewhere: the first argument says where. */
export const JUMP = 1;
export const REPACK = 2;
export const EMBED = 3;
export const PREPARE = 4;
export const LINEAR = 5;
export const GATED_LINEAR = 6;
export const WRITE_KEYS_VALUES = 7;
export const ATTENTION = 8;
export const GATHER_ROWS = 9;
export const SCAN_BEST = 10;
export const MERGE_BEST = 11;

/** A command: opcode, number of chunks, flags, count of chunks done, arguments; its last word counts the chunks taken. */
export const COMMAND_WORDS = 32;
export const CHUNKS_WORD = 1;
export const FLAGS_WORD = 2;
/** Of all chunks since the last barrier, where the command is one. */
export const DONE_WORD = 3;
export const ARGUMENTS_WORD = 4;
export const COUNTER_WORD = 31;

/**
 * As number of chunks: every thread that takes a chunk before the next barrier does the command first, once, for itself; its
 * chunk is its thread number.
 */
export const EVERY_THREAD = -1;
/** Flag: no thread goes on before the chunks of this command, and of those since the last barrier, are done. */
export const BARRIER = 1;
