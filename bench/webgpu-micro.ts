// What a GPU can do at best, and what of it the kernels reach.
//
//   node bench/webgpu-micro.ts [--device NAME] [--small] [--json]
//
// --small: for devices in software, and for trying out the benchmark itself.
import { parseArgs } from 'node:util';
import { openBackend } from '../src/backend/open.ts';
import type { WebgpuBackend } from '../src/backend/webgpu/webgpu-backend.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';
import { openGpu } from './webgpu/device.ts';
import { dependentDispatch } from './webgpu/dispatch-cost.ts';
import { encodeToken } from './webgpu/encode-cost.ts';
import { timeProduct, type ProductResult } from './webgpu/products.ts';
import { copyBandwidth, readStreams } from './webgpu/stream.ts';

const { values: options } = parseArgs({
  options: {
    device: { type: 'string' },
    small: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
/** More than the caches of any GPU hold. */
const POOL_BYTES = options.small ? 5 * 2 ** 20 : 5 * 2 ** 28;

/** [outputs, inputs] of Llama 3 8B: q and o, k and v, gate and up, down, head. */
const shapes = options.small
  ? ([[512, 512]] as const)
  : ([
      [4096, 4096],
      [1024, 4096],
      [14336, 4096],
      [4096, 14336],
      [128256, 4096],
    ] as const);

const gpu = await openGpu(options.device);
const { description, vendor, features, subgroupMinSize, subgroupMaxSize, hasDot4 } = gpu.facts;
const matrices = (gpu.device.adapterInfo as { readonly subgroupMatrixConfigs?: readonly unknown[] })
  .subgroupMatrixConfigs;
const dispatch = await dependentDispatch(gpu);
const copy = await copyBandwidth(gpu, POOL_BYTES);
const streams = await readStreams(gpu, POOL_BYTES);
gpu.health.dispose();
gpu.device.destroy();
const encode = await withBackend(encodeToken);
const products = await withBackend(timeProducts);

async function withBackend<T>(measure: (backend: WebgpuBackend) => Promise<T>): Promise<T> {
  const backend = (await openBackend('webgpu', { device: options.device, autotune: 'off' })) as WebgpuBackend;
  try {
    return await measure(backend);
  } finally {
    await backend.dispose();
  }
}

async function timeProducts(backend: WebgpuBackend): Promise<readonly ProductResult[]> {
  const results: ProductResult[] = [];
  for (const dtype of ['q4_0', 'q8_0', 'q4_k', 'q6_k', 'f16'] as const) {
    for (const [outputs, inputs] of shapes) {
      results.push(await timeProduct(backend, dtype, outputs, inputs, POOL_BYTES / 5));
    }
  }
  return results;
}

if (options.json) {
  const device = { description, vendor, features: [...features], subgroupMinSize, subgroupMaxSize, hasDot4, matrices };
  console.log(JSON.stringify({ device, dispatch, encode, copy, streams, products }));
} else {
  console.log(
    `${description}: subgroups of ${subgroupMinSize} to ${subgroupMaxSize}, dots of bytes: ${String(hasDot4)}`,
  );
  console.log(`features: ${[...features].join(', ')}`);
  console.log(`subgroup matrices: ${JSON.stringify(matrices ?? [])}\n`);
  console.log(`a dispatch that waits for the one before: ${dispatch.toFixed(2)} µs`);
  console.log(`recording and submitting a token of ${encode.dispatches} dispatches, in milliseconds of the host:\n`);
  console.log(
    markdownTable(
      ['', 'all', 'record', 'finish', 'submit', 'mean', 'mean of the thread’s CPU'],
      (['afterWait', 'inARow'] as const).map((when) => {
        const { all, record, finish, submit, mean, meanCpu } = encode[when];
        const label = when === 'afterWait' ? 'after a wait for the token before' : 'right after the token before';
        return [label, ...[all, record, finish, submit, mean, meanCpu].map((ms) => ms.toFixed(3))];
      }),
    ),
  );
  console.log(`\ncopying: ${copy.toFixed(0)} GB/s, reads and writes counted\n`);
  console.log(
    markdownTable(
      ['bytes a load', 'workgroup', 'loads in flight', 'GB/s'],
      streams.map((s) => [s.width, s.workgroup, s.loads, s.gigabytesPerSecond.toFixed(1)].map(String)),
    ),
  );
  console.log();
  console.log(
    markdownTable(
      ['weights', 'outputs × inputs', 'µs', 'GB/s', 'of copying'],
      products.map((p) => [
        p.dtype,
        `${p.outputs} × ${p.inputs}`,
        p.microseconds.toFixed(1),
        p.gigabytesPerSecond.toFixed(1),
        `${((100 * p.gigabytesPerSecond) / copy).toFixed(0)} %`,
      ]),
    ),
  );
}
