import { readFileSync } from 'node:fs';

/** The most memory this process ever held. */
export function peakResidentBytes(): number {
  if (process.platform !== 'linux') return process.memoryUsage().rss;
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
