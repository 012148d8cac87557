import { execFileSync } from 'node:child_process';
import { cpuName } from './cpu-load.ts';

/** What every figure depends on. */
export interface Machine {
  /** Name and SIMD features. */
  readonly cpu: string;
  readonly node: string;
  /** The state of the sources; `+` where they differ from that commit. */
  readonly commit: string;
}

export function thisMachine(): Machine {
  return { cpu: cpuName(), node: process.versions.node, commit: commitOf() };
}

function commitOf(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty=+'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}
