import type { TrialBench } from '../../../../../src/backend/webgpu/autotune/measure.ts';
import type { ProductKind } from '../../../../../src/backend/webgpu/autotune/product-kinds.ts';
import type { DeviceFacts } from '../../../../../src/backend/webgpu/device-facts.ts';
import type { GpuWeight } from '../../../../../src/backend/webgpu/gpu-tensor.ts';
import { rowOrder } from '../../../../../src/backend/webgpu/kernels/row-order.ts';
import { rowsAnInvocation } from '../../../../../src/backend/webgpu/kernels/rows-an-invocation.ts';
import { type Tuning, tuningOf } from '../../../../../src/backend/webgpu/kernels/tuning.ts';

const limits = { maxComputeWorkgroupStorageSize: 32768, maxComputeInvocationsPerWorkgroup: 256 } as GPUSupportedLimits;

export const someGpu: DeviceFacts = {
  vendor: 'nvidia',
  architecture: 'hopper',
  description: 'nvidia hopper H100 driver 1',
  isFallback: false,
  features: new Set(['subgroups']),
  limits,
  subgroupMinSize: 32,
  subgroupMaxSize: 32,
  hasDot4: true,
  language: new Set(['packed_4x8_integer_dot_product']),
};

export const someTuning: Tuning = tuningOf(someGpu);

/** A kind of products of one matrix, of which only the shape counts. */
export function someKind(inputs = 2048, outputs = 8192, form: 'add' | 'store' = 'add'): ProductKind {
  const matrix = { format: 'q4_0', shape: [outputs, inputs] } as unknown as GpuWeight;
  return {
    name: `${form} ${inputs}×${outputs} q4_0`,
    products: [{ form, matrices: [matrix] }],
    bytes: inputs * outputs,
    hasManyRows: form === 'add',
  };
}

export interface FakeBench extends TrialBench {
  /** Tunings that were tried, in order. */
  readonly started: readonly Tuning[];
  /** Trials that nobody has ended. */
  readonly open: () => number;
}

/** @param milliseconds of one product; `rows`: what an invocation of matvec takes; `bits`: what it computes, undefined for kernels that do not compile */
export function fakeBench(
  milliseconds: (tuning: Tuning, rows: number) => number,
  bits: (tuning: Tuning) => Uint32Array | undefined = () => Uint32Array.of(1, 2),
): FakeBench {
  const started: Tuning[] = [];
  let open = 0;
  return {
    sampleMs: 1,
    started,
    open: () => open,
    async start({ products: [product] }, tuning) {
      const [outputs, inputs] = product!.matrices[0]!.shape as [number, number];
      const rows = rowsAnInvocation(tuning, rowOrder(inputs), outputs);
      started.push(tuning);
      const computed = bits(tuning);
      if (!computed) return undefined;
      open++;
      return {
        bits: computed,
        time: async (count) => count * milliseconds(tuning, rows),
        end: () => void open--,
      };
    },
  };
}
