import { countOf } from '../../../tensor/tensor.ts';
import type { DType } from '../../../dtype/index.ts';
import { RealizarError } from '../../../errors.ts';
import type { OpenedDevice } from '../device.ts';
import { Gpu } from '../gpu.ts';
import { type GpuTensor, type GpuWeight, numbersIn } from '../gpu-tensor.ts';
import { Readback } from '../readback.ts';
import { Uploader } from '../upload.ts';

/** A place where kernels are tried before anybody relies on them: what a device refuses here does no harm elsewhere. */
export class Trial {
  readonly gpu: Gpu;
  readonly #uploader: Uploader;
  readonly #readback: Readback;
  readonly #buffers: GPUBuffer[] = [];

  constructor({ device, facts }: OpenedDevice) {
    this.gpu = new Gpu(device, facts);
    this.#uploader = new Uploader(this.gpu);
    this.#readback = new Readback(this.gpu);
  }

  /** A buffer with these bytes. It lives until the trial ends, as the others. */
  holding(data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
    const buffer = this.#allocate(data.byteLength);
    this.gpu.writeAhead(buffer, 0, data);
    return buffer;
  }

  /** f32 numbers that are not known yet. */
  numbers(shape: readonly number[]): GpuTensor {
    return numbersIn(this.gpu, shape, (bytes) => this.#allocate(bytes));
  }

  async upload(dtype: DType, shape: readonly [rows: number, columns: number], bytes: Uint8Array): Promise<GpuWeight> {
    const weight = (await this.#uploader.upload({
      name: `a trial of ${dtype}`,
      dtype,
      shape,
      byteLength: bytes.length,
      async read(start, end, into) {
        const part = bytes.subarray(start, end);
        if (!into) return part;
        into.set(part);
        return into;
      },
    })) as GpuWeight;
    this.#buffers.push(...weight.shards.map(({ buffer }) => buffer));
    return weight;
  }

  /**
   * What a tensor holds after what `record` records, or undefined where the device refuses it: the trial has failed then.
   * @throws RealizarError `device-lost` | `closed`
   */
  async run(y: GpuTensor, record: () => void = () => {}): Promise<Float32Array | undefined> {
    const { device } = this.gpu;
    device.pushErrorScope('internal'); // what a driver's compiler gives up on
    device.pushErrorScope('validation');
    const reading = this.#read(y, record);
    const refusals = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    refusals.catch(() => {}); // the device is lost, of which the reading tells
    try {
      const values = await reading;
      return (await refusals).some((refusal) => refusal !== null) ? undefined : values;
    } catch (reason) {
      if (reason instanceof RealizarError && (reason.code === 'device-lost' || reason.code === 'closed')) throw reason;
      return undefined;
    }
  }

  end(): void {
    this.#uploader.release();
    this.gpu.health.dispose();
    this.gpu.activations.destroy();
    for (const buffer of this.#buffers.splice(0)) buffer.destroy();
  }

  async #read({ buffer, shape }: GpuTensor, record: () => void): Promise<Float32Array> {
    this.gpu.activations.open();
    try {
      record();
      return await this.#readback.read(buffer, countOf(shape));
    } finally {
      this.gpu.activations.close();
    }
  }

  #allocate(bytes: number): GPUBuffer {
    const buffer = this.gpu.allocate(bytes, 'a trial');
    this.#buffers.push(buffer);
    return buffer;
  }
}

/** Relative root mean square error; Infinity where a number is none. */
export function relativeError(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < wanted.length; i++) {
    difference += (actual[i]! - wanted[i]!) ** 2;
    size += wanted[i]! ** 2;
  }
  return Number.isFinite(difference) ? Math.sqrt(difference / size) : Infinity;
}
