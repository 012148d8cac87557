import { RealizarError } from '../../errors.ts';
import { module as probe } from '../../generated/wasm-probe.ts';

/** `relaxed` uses relaxed SIMD, which an engine without it rejects whole; `simd` runs wherever WebAssembly has SIMD. */
export type Build = 'relaxed' | 'simd';

/** Each is fetched only where it is run. */
const builds: Readonly<Record<Build, () => Promise<{ readonly module: string }>>> = {
  relaxed: () => import('../../generated/wasm-relaxed.ts'),
  simd: () => import('../../generated/wasm-simd.ts'),
};

/** Pages of 64 KiB that the modules are compiled for: all that 32-bit pointers reach. */
export const MAX_PAGES = 65_536;

/** @throws RealizarError `backend-unavailable` where the engine does not take the module */
export async function compileModule(build: Build, shared: boolean): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await moduleBytes(build, shared));
  } catch (cause) {
    throw new RealizarError('backend-unavailable', `this JavaScript engine does not run the ${build} kernels`, {
      cause,
    });
  }
}

/** Whether the engine has SIMD at all: it takes a function that makes a vector. https://github.com/GoogleChromeLabs/wasm-feature-detect */
export const hasSimd = (): boolean =>
  WebAssembly.validate(
    Uint8Array.of(
      0,
      97,
      115,
      109,
      1,
      0,
      0,
      0,
      1,
      5,
      1,
      96,
      0,
      1,
      123,
      3,
      2,
      1,
      0,
      10,
      10,
      1,
      8,
      0,
      65,
      0,
      253,
      15,
      253,
      98,
      11,
    ),
  );

/** The module that the probe asks; undefined where the engine has no relaxed SIMD. */
export async function compileProbe(): Promise<WebAssembly.Module | undefined> {
  const bytes = await unpack(probe);
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

export function createMemory(pages: number, shared: boolean): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: MAX_PAGES, shared });
}

/** A build's bytes. They ask for shared memory; without it the module is the same but for one flag of its only import. */
async function moduleBytes(build: Build, shared: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await unpack((await builds[build]()).module);
  if (!shared) bytes[memoryFlagsOffset(bytes)]! &= ~SHARED_FLAG;
  return bytes;
}

/** @param packed base64 of deflated bytes */
async function unpack(packed: string): Promise<Uint8Array<ArrayBuffer>> {
  // Node takes 40 ms to bring up its web streams, and its own buffers read base64 at once.
  const node = globalThis.process?.getBuiltinModule?.('node:buffer');
  if (node) {
    const { inflateRawSync } = process.getBuiltinModule('node:zlib');
    return new Uint8Array(inflateRawSync(node.Buffer.from(packed, 'base64')));
  }
  const chars = atob(packed);
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i++) bytes[i] = chars.charCodeAt(i);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

const IMPORT_SECTION = 2;
const SHARED_FLAG = 2;

// https://webassembly.github.io/spec/core/binary/modules.html: magic and version, then sections of id, size and content.
function memoryFlagsOffset(bytes: Uint8Array): number {
  let at = 8;
  while (bytes[at] !== IMPORT_SECTION) {
    const [size, content] = readLeb(bytes, at + 1);
    at = content + size;
  }
  const [, content] = readLeb(bytes, at + 1);
  const moduleName = content + 1; // after the number of imports: one
  const fieldName = moduleName + 1 + bytes[moduleName]!;
  return fieldName + 1 + bytes[fieldName]! + 1; // after the kind: a memory
}

/** An unsigned LEB128 number and where it ends. */
function readLeb(bytes: Uint8Array, at: number): readonly [value: number, end: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}
