import type { Gpu } from '../../src/backend/webgpu/gpu.ts';
import { bind, pipelineOf, roundToBytes, shortest, timePass } from './device.ts';

export interface StreamResult {
  /** Bytes of one load. */
  readonly width: number;
  readonly workgroup: number;
  /** Loads of an invocation that do not wait for each other. */
  readonly loads: number;
  readonly gigabytesPerSecond: number;
}

const types = { 4: 'u32', 8: 'vec2u', 16: 'vec4u' } as const;
const sums = { 4: 's', 8: 's.x + s.y', 16: 's.x + s.y + s.z + s.w' } as const;
const TRIES = 4;

/** Reads every number of a buffer once; what it sums up is never stored, which no compiler knows. */
const readShader = (width: 4 | 8 | 16, workgroup: number, loads: number): string => `
@group(0) @binding(0) var<storage, read> x: array<${types[width]}>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * grid.x + group.x) * ${workgroup * loads}u + lane;
  ${Array.from({ length: loads }, (_, i) => `let x${i} = x[first + ${i * workgroup}u];`).join('\n  ')}
  let s = ${Array.from({ length: loads }, (_, i) => `x${i}`).join(' ^ ')};
  if (${sums[width]} == 0x12345678u) { y[0] = 1u; }
}`;

const copyShader = (workgroup: number): string => `
@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * grid.x + group.x) * ${workgroup}u + lane;
  y[i] = x[i];
}`;

/** Buffers that together are larger than any cache. */
interface Pool {
  readonly buffers: readonly GPUBuffer[];
  readonly bytes: number;
}

/** How fast weights can be read at best, by the width of loads, workgroup size and loads in flight. */
export async function readStreams(gpu: Gpu, totalBytes: number): Promise<readonly StreamResult[]> {
  const pool = poolOf(gpu, totalBytes);
  const sink = gpu.allocate(256, 'a sum');
  const results: StreamResult[] = [];
  for (const width of [4, 8, 16] as const) {
    for (const workgroup of [64, 128, 256]) {
      for (const loads of [1, 4, 8]) {
        const pipeline = pipelineOf(gpu, readShader(width, workgroup, loads));
        const groups = pool.buffers.map((buffer) => bind(gpu, pipeline, [buffer, sink]));
        const rate = await bandwidth(gpu, pipeline, groups, pool.bytes, pool.bytes / (width * workgroup * loads));
        results.push({ width, workgroup, loads, gigabytesPerSecond: rate });
      }
    }
  }
  for (const buffer of pool.buffers) buffer.destroy();
  return results.toSorted((a, b) => b.gigabytesPerSecond - a.gigabytesPerSecond);
}

/** GB/s of copying, bytes read and written counted once each. */
export async function copyBandwidth(gpu: Gpu, totalBytes: number): Promise<number> {
  const pool = poolOf(gpu, totalBytes);
  const pipeline = pipelineOf(gpu, copyShader(256));
  const { buffers, bytes } = pool;
  const groups = buffers.map((buffer, i) => bind(gpu, pipeline, [buffer, buffers[(i + 1) % buffers.length]!]));
  const rate = await bandwidth(gpu, pipeline, groups, 2 * bytes, bytes / (16 * 256));
  for (const buffer of buffers) buffer.destroy();
  return rate;
}

const POOL = 5;

function poolOf(gpu: Gpu, totalBytes: number): Pool {
  const most = Math.min(gpu.facts.limits.maxStorageBufferBindingSize, totalBytes / POOL);
  const bytes = roundToBytes(most, 2 ** 20);
  const buffers = Array.from({ length: POOL }, () => gpu.allocate(bytes, 'a stream'));
  return { buffers, bytes };
}

async function bandwidth(
  gpu: Gpu,
  pipeline: GPUComputePipeline,
  groups: readonly GPUBindGroup[],
  bytes: number,
  workgroups: number,
): Promise<number> {
  const rows = Math.ceil(workgroups / 32768);
  const milliseconds = await shortest(TRIES, () =>
    timePass(gpu, (pass) => {
      pass.setPipeline(pipeline);
      for (const group of groups) {
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(workgroups / rows, rows);
      }
    }),
  );
  return (groups.length * bytes) / milliseconds / 1e6;
}
