import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Reads four distant quarters at once and does nothing else: the ceiling of every kernel that reads weights. */
const source = `
export function stream(at: usize, bytes: usize): i32 {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  bytes >>= 2;
  const end = at + bytes;
  for (let one = at + bytes, two = one + bytes, three = two + bytes; at < end; at += 32, one += 32, two += 32, three += 32) {
    a = v128.or(a, v128.or(v128.load(at), v128.load(at, 16)));
    b = v128.or(b, v128.or(v128.load(one), v128.load(one, 16)));
    c = v128.or(c, v128.or(v128.load(two), v128.load(two, 16)));
    d = v128.or(d, v128.or(v128.load(three), v128.load(three, 16)));
  }
  a = v128.or(v128.or(a, b), v128.or(c, d));
  return i32x4.extract_lane(a, 0);
}
`;

export function streamKernel(memory: WebAssembly.Memory): (at: number, bytes: number) => number {
  const folder = join(root, '.cache/linear');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'stream.ts');
  const target = join(folder, 'stream.wasm');
  writeFileSync(file, source);
  const options =
    '-O2 --noAssert --runtime stub --use abort= --enable simd --enable threads --importMemory --sharedMemory';
  const args = [...options.split(' '), '--initialMemory', '1', '--maximumMemory', '65536', '-o', target];
  execFileSync(process.execPath, [join(root, 'node_modules/assemblyscript/bin/asc.js'), file, ...args]);
  const module = new WebAssembly.Module(new Uint8Array(readFileSync(target)));
  return (
    new WebAssembly.Instance(module, { env: { memory } }).exports as { stream: (at: number, bytes: number) => number }
  ).stream;
}
