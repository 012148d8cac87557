/** The least multiple of `step` that is no less than `n`. */
export const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;

/** Bytes in whole cache lines: what threads write lies in lines of its own, and kernels ask for no more. */
export const wholeCacheLines = (bytes: number): number => roundUp(bytes, 64);
