// The module's exports: the walk for the threads, sizes for the recorder, and single kernels for tests.
export { proceed, run, work } from './walk';
export * from './linear';
export { exponential } from './exp';
export { rmsNorm } from './rms-norm';
export { rotateHead } from './rope';
export { siluMultiply } from './silu';
export { softmaxWeights } from './softmax';

/** Where the module's own data ends. */
export function heap_base(): usize {
  return __heap_base;
}
