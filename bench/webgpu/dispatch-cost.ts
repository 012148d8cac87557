import type { Gpu } from '../../src/backend/webgpu/gpu.ts';
import { bind, pipelineOf, shortest, timePass } from './device.ts';

const COUNT = `
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@compute @workgroup_size(1) fn main() { x[0] += 1u; }`;

const FEW = 100;
const MANY = 600;
const TRIES = 5;

/** Microseconds that one dispatch takes which waits for the one before: what a step pays for each of its kernels. */
export async function dependentDispatch(gpu: Gpu): Promise<number> {
  const pipeline = pipelineOf(gpu, COUNT);
  const group = bind(gpu, pipeline, [gpu.allocate(256, 'a counter')]);
  const time = (dispatches: number) =>
    shortest(TRIES, () =>
      timePass(gpu, (pass) => {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        for (let i = 0; i < dispatches; i++) pass.dispatchWorkgroups(1);
      }),
    );
  return (1000 * ((await time(MANY)) - (await time(FEW)))) / (MANY - FEW);
}
