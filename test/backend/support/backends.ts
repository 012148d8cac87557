import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Backend } from '../../../src/backend/backend.ts';
import { createReferenceBackend } from '../../../src/backend/reference/reference-backend.ts';
import { type DType, formats } from '../../../src/dtype/index.ts';
import { RealizarError } from '../../../src/errors.ts';

/** A backend, or one kernel set of it, and how exact it promises to be. */
export interface Candidate {
  readonly name: string;
  readonly open: (threads?: number) => Promise<Backend>;
  /** Largest relative root mean square error of one product with a weight of this dtype. */
  readonly tolerance: (dtype: DType) => number;
}

const reference: Candidate = {
  name: 'reference',
  open: async () => createReferenceBackend(),
  tolerance: () => 2e-7, // results are rounded to f32 after float64 sums
};

type CreateWasmBackend = (options: { threads: number; kernelSet?: string }) => Promise<Backend>;

const wasmModule = new URL('../../../src/backend/wasm/wasm-backend.ts', import.meta.url);
const kernelSets = ['relaxed-dot', 'relaxed-pairs', 'i16'] as const;

/** Float weights meet float32 sums; block formats meet activations of eight bits, one scale for 32 values. */
const wasmTolerance = (dtype: DType): number => (formats[dtype].blockSize === 1 ? 1e-5 : 1e-2);

/** The kernel sets that this machine has. */
async function wasmCandidates(): Promise<Candidate[]> {
  if (!existsSync(wasmModule)) return [];
  const { createWasmBackend } = (await import(wasmModule.href)) as { createWasmBackend: CreateWasmBackend };
  const candidates = kernelSets.map((kernelSet) => {
    return {
      name: `wasm ${kernelSet}`,
      open: (threads = 2) => createWasmBackend({ threads, kernelSet }),
      tolerance: wasmTolerance,
    };
  });
  const present = await Promise.all(candidates.map(isAvailable));
  return candidates.filter((_, i) => present[i]);
}

/** One that fails for another reason than the machine is present: its own tests say what is wrong. */
async function isAvailable({ name, open }: Candidate): Promise<boolean> {
  try {
    await (await open()).dispose();
  } catch (error) {
    if (!(error instanceof RealizarError && error.code === 'backend-unavailable')) return true;
    console.warn(`skipped: ${name}: ${error.message}`);
    return false;
  }
  return true;
}

/** Every backend that this machine can open. */
export const candidates: readonly Candidate[] = [reference, ...(await wasmCandidates())];

/** Runs the tests of `body` on every backend of this machine; `backend()` is open while they run. */
export function describeEachBackend(op: string, body: (backend: () => Backend, candidate: Candidate) => void): void {
  describe.each(candidates)(`${op} on $name`, (candidate) => {
    let backend: Backend | undefined;
    beforeAll(async () => {
      backend = await candidate.open();
    });
    afterAll(async () => {
      await backend?.dispose();
    });
    body(() => backend!, candidate);
  });
}
