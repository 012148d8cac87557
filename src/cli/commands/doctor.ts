import { demoModelPath } from '../../demo.node.ts';
import { loadEngine } from '../../load.ts';
import { describeBackends } from '../../backend/open.ts';
import { supportedKernelSets } from '../../backend/wasm/probe.ts';
import { machine } from '../machine.ts';
import { nodeObjection } from '../node-version.ts';

interface Check {
  readonly name: string;
  readonly run: () => Promise<string> | string;
}

const checks: readonly Check[] = [
  { name: 'Node', run: nodeVersion },
  { name: 'WASM SIMD', run: async () => `kernel sets: ${(await supportedKernelSets()).join(', ')}` },
  { name: 'shared memory', run: sharedMemory },
  { name: 'threads', run: () => `${machine().threads} (${machine().cpu})` },
  { name: 'memory', run: () => `${gigabytes(machine().freeBytes)} free of ${gigabytes(machine().memoryBytes)}` },
  { name: 'demo model', run: demoAnswers },
];

/** `realizar doctor`: exit code 1 when a check fails. */
export async function doctor(): Promise<void> {
  for (const { name, run } of checks) {
    try {
      console.log(`ok    ${name.padEnd(14)} ${await run()}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAIL  ${name.padEnd(14)} ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  // A GPU is welcome and never needed.
  for (const { name, detail, isAvailable, isChosen } of await describeBackends()) {
    console.log(
      `${isAvailable ? 'ok   ' : '-    '} ${name.padEnd(14)} ${detail}${isChosen ? ' (chosen by auto)' : ''}`,
    );
  }
}

function nodeVersion(): string {
  const objection = nodeObjection();
  if (objection === undefined) return process.versions.node;
  throw new Error(objection);
}

function sharedMemory(): string {
  void new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  return 'up to 4 GiB for a model';
}

async function demoAnswers(): Promise<string> {
  await using engine = await loadEngine(demoModelPath());
  const { text, timings } = await engine.generate('Once upon a time', { maxTokens: 12, temperature: 0 }).result();
  if (!/^[,\s\w.'"]+$/.test(text)) throw new Error(`it answered ${JSON.stringify(text)}, which is not what it learned`);
  return `"Once upon a time${text}" (${((1000 * timings.decodeTokens) / timings.decodeMs).toFixed(0)} tok/s)`;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
