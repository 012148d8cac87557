/** Versions of V8 in which fused kernels were compared with plain ones, bit by bit; see test/backend/wasm/wide-vectors.test.ts. */
const PROVEN = /^1[34]\.6\./;

interface Host {
  readonly arch: string;
  readonly versions: { readonly v8?: string };
  getBuiltinModule(name: 'node:v8'): { setFlagsFromString(flags: string): void };
}

/** Whether V8 fuses vectors here: not outside Node on x64, nor in a version that was not proven. */
export const canWidenVectors = (host: Host | undefined = globalThis.process): boolean =>
  host?.arch === 'x64' && PROVEN.test(host.versions.v8 ?? '');

/**
 * Lets V8 fuse pairs of 128-bit operations into 256-bit ones, where the CPU has AVX2: products of many rows become up to 1.6
 * times as fast, with the same bits. The option is V8's own, still experimental there; it holds for the whole process, and for
 * kernels that are compiled afterwards. A change of options also makes V8 refuse the code that Node has ready for its own
 * modules, and threads that start from then on take twice as long: best done when they are up.
 */
export function widenVectors(host: Host = globalThis.process): void {
  host.getBuiltinModule('node:v8').setFlagsFromString('--experimental-wasm-revectorize');
}
