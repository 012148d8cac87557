// Prints a hash of the products of every packed format, from one token to more than a tile: wide-vectors.test.ts runs it with
// V8's options as they are, and with vectors fused and the kernels that are for them.
import { createHash } from 'node:crypto';
import { formats } from '../../../../src/dtype/index.ts';
import { activations } from './activations.ts';
import { LinearKernels } from './linear-kernels.ts';
import { packedDTypes, randomWeight } from './random-weight.ts';

const TOKENS = [1, 2, 5, 16, 23];
const ROWS = 75;

const wide = process.execArgv.includes('--experimental-wasm-revectorize');

const bits: Record<string, string> = {};
for (const set of ['i16', 'relaxed-pairs'] as const) {
  const kernels = new LinearKernels('relaxed', set, { wide });
  for (const dtype of packedDTypes) {
    kernels.reset();
    const columns = Math.max(96, 3 * formats[dtype].blockSize);
    const weight = kernels.pack(dtype, randomWeight(dtype, ROWS, columns), ROWS, columns);
    const hash = createHash('sha256');
    for (const tokens of TOKENS) hash.update(kernels.multiply(weight, activations(kernels, tokens * columns), tokens));
    bits[`${set} ${dtype}`] = hash.digest('hex');
  }
}
console.log(JSON.stringify(bits));
