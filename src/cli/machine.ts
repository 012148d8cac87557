import { availableParallelism, cpus, freemem, totalmem } from 'node:os';

/** What a table of speeds has to say about the computer. */
export function machine(): {
  readonly cpu: string;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly freeBytes: number;
} {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    threads: availableParallelism(),
    memoryBytes: totalmem(),
    freeBytes: freemem(),
  };
}
