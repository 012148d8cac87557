import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const TICKS_PER_SECOND = 100;

/** Starts a stopwatch of CPU time; the result tells which share of one core other processes used meanwhile (Linux; 0 elsewhere). */
export function foreignLoad(): () => number {
  const start = { busy: busySeconds(), own: ownSeconds(), at: performance.now() };
  return () => {
    const seconds = (performance.now() - start.at) / 1000;
    return Math.max(0, (busySeconds() - start.busy - (ownSeconds() - start.own)) / seconds);
  };
}

function ownSeconds(): number {
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
