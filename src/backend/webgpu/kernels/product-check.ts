import { decodeTensor, formats } from '../../../dtype/index.ts';
import { linear } from '../../reference/kernels/linear.ts';
import { rmsNorm } from '../../reference/kernels/rms-norm.ts';
import type { GpuFormat } from '../weight.ts';
import { Product } from './product.ts';
import { relativeError, type Trial } from './trial.ts';
import type { Tuning } from './tuning.ts';

const ROWS = 40;
const INPUTS = 256;
const EPS = 1e-5;
/** Rows of activations by which every kernel of a product has its turn, and whether they are normed. */
const COMPANIES = [
  { tokens: 1, isNormed: true, kernel: 'matvec for one row' },
  { tokens: 3, isNormed: true, kernel: 'prepare with a norm, or matvec,' },
  { tokens: 20, isNormed: false, kernel: 'prepare, or matmul,' },
] as const;
/** Activations of 8 bits cost some 0.005, wrong kernels 1. */
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

/** The first kernel by which products of a small matrix of known numbers are not the host's, or undefined. */
export async function wrongProduct(trial: Trial, format: GpuFormat, tuning: Tuning): Promise<string | undefined> {
  const bytes = sampleWeights(format);
  const weight = await trial.upload(format, [ROWS, INPUTS], bytes);
  const values = decodeTensor(format, bytes);
  const norm = Float32Array.from({ length: INPUTS }, (_, i) => 1 + 0.5 * Math.sin(i));
  const normed = { weight: trial.holding(norm), eps: EPS };
  for (const { tokens, isNormed, kernel } of COMPANIES) {
    const x = sampleActivations(tokens);
    const input = trial.holding(x);
    const y = trial.numbers([tokens, ROWS]);
    const product = new Product(trial.gpu, tuning, {
      matrices: [weight],
      form: 'store',
      norm: isNormed ? normed : undefined,
    });
    const actual = await trial.run(y, () => product.run(input, tokens, y.buffer));
    const wanted = linear(isNormed ? rmsNorm(x, norm, EPS) : x, values, INPUTS);
    if (!actual || relativeError(actual, wanted) > TOLERANCE) return kernel;
  }
  return undefined;
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
