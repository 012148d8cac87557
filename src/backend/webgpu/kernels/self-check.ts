import { decodeTensor, formats } from '../../../dtype/index.ts';
import { RealizarError } from '../../../errors.ts';
import type { WeightSource } from '../../backend.ts';
import type { OpenedDevice } from '../device.ts';
import { Gpu } from '../gpu.ts';
import type { GpuWeight } from '../gpu-tensor.ts';
import { Readback } from '../readback.ts';
import { Uploader } from '../upload.ts';
import type { GpuFormat } from '../weight.ts';
import { Product } from './product.ts';
import type { Tuning } from './tuning.ts';

const ROWS = 40;
const INPUTS = 256;
/** Rows of activations by which every kernel of a product has its turn. */
const COMPANIES = [
  [1, 'matvec for one row'],
  [3, 'matvec'],
  [20, 'matmul'],
] as const;
/** Relative root mean square error: activations of 8 bits cost some 0.005, wrong kernels 1. */
const TOLERANCE = 0.05;

/** Where blocks keep f16 numbers, which random bytes must not make up. */
const halvesAt: Readonly<Record<Exclude<GpuFormat, 'f32' | 'f16' | 'bf16'>, readonly number[]>> = {
  q4_0: [0],
  q4_1: [0, 2],
  q5_0: [0],
  q5_1: [0, 2],
  q8_0: [0],
  q4_k: [0, 2],
  q5_k: [0, 2],
  q6_k: [208],
};
/** 2^-10 */
const SMALL_HALF = [0x00, 0x14] as const;

/**
 * Whether a driver computes what the shaders say: products of a small matrix of known numbers, compared with the host's. Kernels
 * that are wrong, or do not compile, are replaced by simpler ones.
 */
export class SelfCheck {
  readonly #opened: OpenedDevice;
  readonly #warn: (message: string) => void;
  readonly #checked = new Map<GpuFormat, Tuning | undefined>();

  constructor(opened: OpenedDevice, warn: (message: string) => void) {
    this.#opened = opened;
    this.#warn = warn;
  }

  /**
   * `tuning` or a simpler one by which weights of this format are multiplied rightly; undefined: by none.
   * @throws RealizarError `device-lost` | `closed`
   */
  async tuningFor(format: GpuFormat, tuning: Tuning): Promise<Tuning | undefined> {
    if (this.#checked.has(format)) return this.#checked.get(format);
    const simple: Tuning = { ...tuning, int8: false, subgroup: 1, workgroup: 64, maxRows: 1, micro: [1, 1] };
    let right: Tuning | undefined;
    for (const candidate of [tuning, simple]) {
      const wrong = await this.#wrongKernel(format, candidate);
      if (wrong === undefined) {
        right = candidate;
        break;
      }
      this.#warn(
        `${wrong} gives wrong results for ${format} on ${this.#opened.facts.description}: a simpler kernel takes its place`,
      );
    }
    this.#checked.set(format, right);
    return right;
  }

  /** The first kernel that is not right, or undefined. */
  async #wrongKernel(format: GpuFormat, tuning: Tuning): Promise<string | undefined> {
    // Of its own, so that what does not compile here does no harm there.
    const gpu = new Gpu(this.#opened.device, this.#opened.facts);
    const bytes = sampleWeights(format);
    const weight = (await new Uploader(gpu).upload(sourceOf(format, bytes))) as GpuWeight;
    const values = decodeTensor(format, bytes);
    const product = new Product(gpu, tuning, { matrices: [weight], form: 'store' });
    const readback = new Readback(gpu);
    const buffers: GPUBuffer[] = weight.shards.map(({ buffer }) => buffer);
    try {
      for (const [tokens, kernel] of COMPANIES) {
        const x = sampleActivations(tokens);
        const input = gpu.allocate(x.byteLength, 'a check');
        const y = gpu.allocate(4 * tokens * ROWS, 'a check');
        buffers.push(input, y);
        gpu.writeAhead(input, 0, x);
        const actual = await this.#run(
          gpu,
          () => product.run(input, tokens, y),
          () => readback.read(y, tokens * ROWS),
        );
        if (!actual || error(actual, expected(x, values, tokens)) > TOLERANCE) return kernel;
      }
      return undefined;
    } finally {
      for (const buffer of buffers) buffer.destroy();
    }
  }

  /** What was read, or undefined where the device refused it. */
  async #run(gpu: Gpu, record: () => void, read: () => Promise<Float32Array>): Promise<Float32Array | undefined> {
    const { device } = this.#opened;
    device.pushErrorScope('validation');
    gpu.activations.open();
    try {
      record();
      const reading = read();
      const refusal = device.popErrorScope();
      const values = await reading;
      return (await refusal) ? undefined : values;
    } catch (reason) {
      if (reason instanceof RealizarError && (reason.code === 'device-lost' || reason.code === 'closed')) throw reason;
      return undefined;
    } finally {
      gpu.activations.close();
    }
  }
}

function sampleWeights(format: GpuFormat): Uint8Array<ArrayBuffer> {
  const { blockSize, blockBytes, encode } = formats[format];
  const bytes = new Uint8Array((ROWS * INPUTS * blockBytes) / blockSize);
  if (blockSize === 1) {
    encode!(
      Float32Array.from({ length: ROWS * INPUTS }, (_, i) => Math.sin(i * i + 1)),
      bytes,
    );
    return bytes;
  }
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 167 + (i >> 5) * 59) % 251;
  for (let block = 0; block < bytes.length; block += blockBytes) {
    for (const at of halvesAt[format as keyof typeof halvesAt]) bytes.set(SMALL_HALF, block + at);
  }
  return bytes;
}

const sampleActivations = (tokens: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: tokens * INPUTS }, (_, i) => Math.cos(0.7 * i * i));

function sourceOf(format: GpuFormat, bytes: Uint8Array): WeightSource {
  return {
    name: `a check of ${format}`,
    dtype: format,
    shape: [ROWS, INPUTS],
    byteLength: bytes.length,
    async read(start, end, into) {
      const part = bytes.subarray(start, end);
      if (!into) return part;
      into.set(part);
      return into;
    },
  };
}

function expected(x: Float32Array, weights: Float32Array, tokens: number): Float64Array {
  const y = new Float64Array(tokens * ROWS);
  for (let t = 0; t < tokens; t++) {
    for (let n = 0; n < ROWS; n++) {
      for (let k = 0; k < INPUTS; k++) y[t * ROWS + n]! += x[t * INPUTS + k]! * weights[n * INPUTS + k]!;
    }
  }
  return y;
}

/** Relative root mean square; Infinity where a number is none. */
function error(actual: Float32Array, wanted: Float64Array): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < wanted.length; i++) {
    difference += (actual[i]! - wanted[i]!) ** 2;
    size += wanted[i]! ** 2;
  }
  return Number.isFinite(difference) ? Math.sqrt(difference / size) : Infinity;
}
