import { RealizarError } from '../../errors.ts';
import { ActivationPool } from './activation-pool.ts';
import { BindGroups, type Bound } from './bind-groups.ts';
import { Constants } from './constants.ts';
import type { DeviceFacts } from './device-facts.ts';
import { DeviceHealth } from './device-health.ts';
import { COPY_DST, COPY_SRC, STORAGE } from './gpu-flags.ts';
import { KernelCache, type Kernel } from './kernel.ts';
import type { Defines } from './link.ts';
import type { Profiler } from './profiler.ts';

export type { Bound } from './bind-groups.ts';
export type { Kernel } from './kernel.ts';

/** Workgroups in x, y and z; 1 unless given. */
export type Workgroups = readonly [x: number, y?: number, z?: number];

/** A dispatch that can be recorded again. */
export interface KeptDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly label: string;
}

/** What recording cost since `takeCounters`. */
export interface Counters {
  dispatches: number;
  submits: number;
  /** Bind groups that had to be made: none in a steady decode. */
  bindGroups: number;
  /** Milliseconds of the host: from a submit's first record to its last, in closing what was recorded, and in handing it over. */
  recordMs: number;
  finishMs: number;
  submitMs: number;
}

/**
 * A device at work: compiled kernels, buffers, and one encoder with one compute pass that collects dispatches until `submit`.
 * Recording never waits. Errors of the device surface in `health`.
 */
export class Gpu {
  readonly device: GPUDevice;
  readonly facts: DeviceFacts;
  readonly health: DeviceHealth;
  readonly activations: ActivationPool;
  /** Times every dispatch, or pass, while it is set. */
  profiler: Profiler | undefined;
  readonly #kernels: KernelCache;
  readonly #bindGroups: BindGroups;
  readonly #constants: Constants;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #pipeline: GPUComputePipeline | undefined;
  /** What `keep` collects; undefined outside of it, and where more than dispatches was recorded. */
  #kept: KeptDispatch[] | undefined;
  #destroyed = 0;
  #startedAt = 0;
  #counters = noCounters();

  constructor(device: GPUDevice, facts: DeviceFacts) {
    this.device = device;
    this.facts = facts;
    this.health = new DeviceHealth(device);
    this.#kernels = new KernelCache(device, this.health);
    this.#bindGroups = new BindGroups(device);
    this.#constants = new Constants(device);
    this.activations = new ActivationPool((bytes) => this.allocate(bytes, 'an activation'));
  }

  /**
   * `shaders/<name>.wgsl` with these defines, compiled when first asked for.
   * @throws RealizarError `shader-error` when its text cannot be linked; what does not compile is reported to `health`
   */
  kernel(name: string, defines: Defines = {}): Kernel {
    return this.#kernels.get(name, defines);
  }

  /** Compiles many kernels beside one another. @throws RealizarError `shader-error` */
  prepare(list: readonly (readonly [name: string, defines: Defines])[]): Promise<void> {
    return this.#kernels.prepare(list);
  }

  /**
   * A storage buffer that lives until it is destroyed.
   * @throws RealizarError `out-of-memory` for more than the device allows; what does not fit is reported to `health`
   */
  allocate(bytes: number, what: string, usage = STORAGE | COPY_SRC | COPY_DST): GPUBuffer {
    return this.health.allocate(bytes, what, usage);
  }

  /** A buffer for an activation, full of whatever was there, until the innermost scope ends. */
  activation(bytes: number): GPUBuffer {
    return this.activations.take(bytes);
  }

  /** A uniform buffer with these 32-bit words; equal words share one. For shapes, not for what changes from step to step. */
  constants(words: readonly number[]): GPUBuffer {
    return this.#constants.of(words);
  }

  /** As `constants`, with f32 bits where the list says so. */
  static bits(value: number): number {
    floats[0] = value;
    return words[0]!;
  }

  /**
   * Records a dispatch after those before.
   * @param bound buffers in the order of the shader's binding numbers. A buffer that is written must not be bound twice.
   * @param label for profiles, such as `linear 2048×5632`; default: the kernel's name
   */
  dispatch(kernel: Kernel, bound: readonly Bound[], [x, y = 1, z = 1]: Workgroups, label?: string): void {
    if (x === 0 || y === 0 || z === 0) return;
    const group = this.#bindGroups.of(kernel, bound);
    const dispatch = { pipeline: kernel.pipeline, group, x, y, z, label: label ?? kernel.name };
    this.#record(dispatch);
    this.#kept?.push(dispatch);
  }

  /**
   * Keeps what `body` dispatches, for `repeat`.
   * @returns dispatches: undefined where `body` also copied or submitted, which cannot be repeated
   */
  keep<T>(body: () => T): { readonly result: T; readonly dispatches: readonly KeptDispatch[] | undefined } {
    this.#kept = [];
    try {
      const result = body();
      return { result, dispatches: this.#kept };
    } finally {
      this.#kept = undefined;
    }
  }

  /** Records what was kept, after what was recorded before. @param dispatches kept since `generation` last changed */
  repeat(dispatches: readonly KeptDispatch[]): void {
    for (const dispatch of dispatches) this.#record(dispatch);
  }

  /** Changes where dispatches kept before are worth nothing: buffers of theirs were destroyed, or may belong to others. */
  get generation(): number {
    return this.#destroyed + this.activations.strays;
  }

  /** Records a copy after what was recorded before; all numbers are multiples of 4. */
  copy(from: GPUBuffer, fromOffset: number, to: GPUBuffer, toOffset: number, bytes: number): void {
    this.#kept = undefined;
    this.#endPass();
    this.#recording().copyBufferToBuffer(from, fromOffset, to, toOffset, bytes);
  }

  /** Writes into a buffer after everything recorded so far, and before what follows. */
  write(buffer: GPUBuffer, offset: number, data: ArrayBufferView<ArrayBuffer>): void {
    this.submit(); // what was recorded still reads the old bytes
    this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /** Writes into a buffer that nothing recorded uses: before everything recorded since the last submit. */
  writeAhead(buffer: GPUBuffer, offset: number, data: ArrayBufferView<ArrayBuffer>): void {
    this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /** Sends what is recorded to the device. */
  submit(): void {
    this.#kept = undefined;
    if (!this.#encoder) return;
    this.#endPass();
    this.profiler?.resolve(this.#encoder);
    const recorded = performance.now();
    const commands = this.#encoder.finish();
    const finished = performance.now();
    this.#encoder = undefined;
    this.device.queue.submit([commands]);
    this.#counters.submits++;
    this.#counters.recordMs += recorded - this.#startedAt;
    this.#counters.finishMs += finished - recorded;
    this.#counters.submitMs += performance.now() - finished;
  }

  /** Frees a buffer and what was prepared for it. Work that was submitted before still sees it. */
  destroy(buffers: readonly GPUBuffer[]): void {
    this.submit();
    this.#destroyed++;
    this.#bindGroups.forget();
    for (const buffer of buffers) buffer.destroy();
  }

  takeCounters(): Counters {
    const counters = { ...this.#counters, bindGroups: this.#bindGroups.made };
    this.#counters = noCounters();
    this.#bindGroups.made = 0;
    return counters;
  }

  #record({ pipeline, group, x, y, z, label }: KeptDispatch): void {
    const pass = this.#openPass(label);
    if (this.#pipeline !== pipeline) {
      pass.setPipeline(pipeline);
      this.#pipeline = pipeline;
    }
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(x, y, z);
    this.#counters.dispatches++;
    if (this.profiler?.each === 'dispatch') this.#endPass();
  }

  #recording(): GPUCommandEncoder {
    if (this.#encoder) return this.#encoder;
    const failure = this.health.failure;
    if (failure) throw failure;
    this.#startedAt = performance.now();
    this.#encoder = this.device.createCommandEncoder();
    return this.#encoder;
  }

  #openPass(label: string): GPUComputePassEncoder {
    const encoder = this.#recording();
    this.#pass ??= encoder.beginComputePass(this.profiler?.passOf(label));
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
    this.#pipeline = undefined;
  }
}

const noCounters = (): Counters => {
  return { dispatches: 0, submits: 0, bindGroups: 0, recordMs: 0, finishMs: 0, submitMs: 0 };
};

const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);

/** Refuses more workgroups than a device takes in one dimension, by spreading them over x and y. */
export function spread(count: number, limit: number): Workgroups {
  if (count <= limit) return [count];
  const rows = Math.ceil(count / limit);
  if (rows > limit) throw new RealizarError('backend-failed', `${count} workgroups are more than this GPU can count`);
  return [Math.ceil(count / rows), rows];
}
