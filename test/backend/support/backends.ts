import { kvDTypes } from '../../../src/backend/backend.ts';
import { createReferenceBackend } from '../../../src/backend/reference/reference-backend.ts';
import { type DType, formats } from '../../../src/dtype/index.ts';
import { createWasmBackend } from '../../../src/backend/wasm/wasm-backend.ts';
import { openDawn } from '../../../src/backend/webgpu/dawn.node.ts';
import { createWebgpuBackend } from '../../../src/backend/webgpu/open-webgpu.ts';
import { kernelSetNames, supportedKernelSets } from '../../../src/backend/wasm/probe.ts';
import { type Candidate, describeOn } from './candidate.ts';

const reference: Candidate = {
  name: 'reference',
  open: async () => createReferenceBackend(),
  tolerance: () => 2e-7, // results are rounded to f32 after float64 sums
  kvDTypes,
};

/** Float weights meet float32 sums; block formats meet activations of eight bits, one scale for 32 values. */
const wasmTolerance = (dtype: DType): number => (formats[dtype].blockSize === 1 ? 1e-5 : 1e-2);

/** Every kernel set that this machine has, on threads; and the best one without. */
async function wasmCandidates(): Promise<Candidate[]> {
  const supported = await supportedKernelSets();
  for (const name of kernelSetNames.filter((set) => !supported.includes(set))) {
    console.warn(`skipped: wasm ${name}: this machine does not have it`);
  }
  const threaded = supported.map((kernelSet): Candidate => {
    return {
      name: `wasm ${kernelSet}`,
      isThreaded: true,
      open: (threads = 2) => createWasmBackend({ threads, kernelSet }),
      tolerance: wasmTolerance,
      kvDTypes,
    };
  });
  const open = () => createWasmBackend({ inline: true });
  const inline = { name: 'wasm inline', open, tolerance: wasmTolerance, kvDTypes };
  return [...threaded, inline];
}

/**
 * The GPU, if only one in software; f32 keys and values, so that all ops are held to what f32 can do.
 * @returns `fallback`: the kernels that others fall back to
 */
async function webgpuCandidates(): Promise<{ usual: readonly Candidate[]; fallback: readonly Candidate[] }> {
  const source = await openDawn();
  const missing =
    'missing' in source ? source.missing : (await source.gpu.requestAdapter()) ? undefined : 'WebGPU finds no adapter';
  if ('missing' in source || missing !== undefined) {
    if (process.env['REQUIRE_MODELS'] === '1') throw new Error(`REQUIRE_MODELS=1, but there is no GPU: ${missing}`);
    console.warn(`skipped: webgpu: ${missing}`);
    return { usual: [], fallback: [] };
  }
  const candidate = { kvDTypes: ['f32', 'f16'] } as const;
  const usual: Candidate = {
    ...candidate,
    name: 'webgpu',
    open: () => createWebgpuBackend({ source, kvDType: 'f32' }),
    tolerance: wasmTolerance,
  };
  const plain: Candidate = {
    ...candidate,
    name: 'webgpu plain',
    isSlow: true,
    open: () => createWebgpuBackend({ source, kvDType: 'f32', kernels: 'plain' }),
    tolerance: () => 1e-5, // activations stay f32
  };
  return { usual: [usual], fallback: [plain] };
}

const webgpu = await webgpuCandidates();
const usual: readonly Candidate[] = [reference, ...(await wasmCandidates()), ...webgpu.usual];

/** Every backend that this machine can open, and the kernels that others fall back to. */
export const candidates: readonly Candidate[] = [...usual, ...webgpu.fallback];

/** Runs an op's tests on every backend of this machine. */
export const describeEachBackend = describeOn(usual);
