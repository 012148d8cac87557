import { Bank } from '../../../../src/backend/wasm/bank.ts';
import { MAX_PAGES } from '../../../../src/backend/wasm/module.ts';

/** A memory of its own, with the i16 kernels. */
export const newBank = (module: WebAssembly.Module, threads: number): Promise<Bank> =>
  Bank.create(0, { module, shared: true, threads, kernelSet: 0, maxPages: MAX_PAGES });
