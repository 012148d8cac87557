import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const TICKS_PER_SECOND = 100;

/**
 * Starts a stopwatch of CPU time; the result tells which share of one core other processes used meanwhile (Linux; 0 elsewhere).
 *
 * @param ownSeconds CPU time of what is measured: this process, or `treeSeconds`
 */
export function foreignLoad(ownSeconds: () => number = processSeconds): () => number {
  const start = { busy: busySeconds(), own: ownSeconds(), at: performance.now() };
  return () => {
    const seconds = (performance.now() - start.at) / 1000;
    return Math.max(0, (busySeconds() - start.busy - (ownSeconds() - start.own)) / seconds);
  };
}

/** CPU time of this process and of all that it started and that still run, such as a browser. */
export function treeSeconds(): number {
  if (process.platform !== 'linux') return 0;
  const stats = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(name) ?? []) : []));
  const members = new Set([process.pid]);
  // A process is younger than its parent, but its number may not be higher: repeat until nothing is found.
  for (let before = 0; before < members.size;) {
    before = members.size;
    for (const { pid, parent } of stats) if (members.has(parent)) members.add(pid);
  }
  return stats.reduce((sum, { pid, seconds }) => (members.has(pid) ? sum + seconds : sum), 0);
}

/** Undefined where the process ended meanwhile. */
function statOf(pid: string): { pid: number; parent: number; seconds: number } | undefined {
  try {
    // The name, in parentheses, may hold anything; after it come state, parent, and as 14th and 15th of all user and system time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    return { pid: Number(pid), parent: fields[1]!, seconds: (fields[11]! + fields[12]!) / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}

function processSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** User, nice, system, irq, softirq and steal time of all cores. */
function busySeconds(): number {
  if (process.platform !== 'linux') return 0;
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/** Name and SIMD features of the CPU, as every table of speeds has to state them. */
export function cpuName(): string {
  const name = cpus()[0]?.model.trim() ?? 'unknown CPU';
  if (process.platform !== 'linux') return name;
  const flags = new Set(/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' '));
  const features = ['avx2', 'fma', 'f16c', 'avx512f', 'avx512_vnni', 'avx_vnni', 'amx_int8'].filter((flag) =>
    flags.has(flag),
  );
  return `${name} (${features.join(', ')})`;
}
