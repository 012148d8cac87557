import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena } from '../../../src/backend/wasm/arena.ts';
import { WasmMemory } from '../../../src/backend/wasm/memory.ts';
import { createMemory } from '../../../src/backend/wasm/module.ts';
import { RealizarError } from '../../../src/errors.ts';

const MEBIBYTE = 2 ** 20;

const newMemory = (shared = true) => new WasmMemory(createMemory(1, shared), 100);

describe.each([true, false])('a memory (shared: %s)', (shared) => {
  test('gives out aligned places that are zero and do not touch', () => {
    const memory = newMemory(shared);
    const first = memory.allocate(100, 'test');
    const second = memory.allocate(8, 'test', 256);
    expect(first % 64).toBe(0);
    expect(first).toBeGreaterThanOrEqual(100);
    expect(second % 256).toBe(0);
    expect(second).toBeGreaterThanOrEqual(first + 100);
    expect(memory.u8.subarray(first, second + 8).every((byte) => byte === 0)).toBe(true);
  });

  test('grows, and keeps what it holds', () => {
    const memory = newMemory(shared);
    const first = memory.allocate(64, 'test');
    memory.f32[first / 4] = 42;
    const large = memory.allocate(70 * MEBIBYTE, 'test');
    expect(memory.byteLength).toBeGreaterThanOrEqual(large + 70 * MEBIBYTE);
    expect(memory.f32[first / 4]).toBe(42);
    memory.u8[large + 70 * MEBIBYTE - 1] = 7;
    expect(memory.u8[large + 70 * MEBIBYTE - 1]).toBe(7);
  });
});

test('makes room ahead, so that what is allocated then needs no growing; what is beyond its limit is left to allocations', () => {
  const memory = newMemory();
  memory.makeRoom(100 * MEBIBYTE);
  const { byteLength } = memory;
  expect(byteLength).toBeGreaterThanOrEqual(100 * MEBIBYTE);
  for (let i = 0; i < 10; i++) memory.allocate(9 * MEBIBYTE, 'test');
  expect(memory.byteLength).toBe(byteLength);
  memory.makeRoom(5 * 1024 * MEBIBYTE);
  expect(memory.byteLength).toBe(byteLength);
});

test('asking for more than pointers reach is refused with the sizes, and leaves the memory usable', () => {
  const memory = newMemory();
  const refusal = () => memory.allocate(5 * 1024 * MEBIBYTE, 'blk.0.ffn_up.weight');
  expect(refusal).toThrow(RealizarError);
  expect(refusal).toThrow(/blk\.0\.ffn_up\.weight needs 5120 MiB .* at most 4096 MiB/s);
  expect(memory.allocate(64, 'test')).toBeGreaterThan(0);
});

describe('an arena', () => {
  test('gives out what was released again', () => {
    const arena = new Arena(newMemory(), 'test');
    const kept = arena.allocate(100);
    const mark = arena.mark();
    const first = arena.allocate(1000);
    arena.release(mark);
    expect(arena.allocate(10)).toBe(first);
    expect(first).toBeGreaterThanOrEqual(kept + 100);
  });

  test('never gives out the same place twice, however it grows beside other allocations', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('allocate' as const), bytes: fc.integer({ min: 0, max: 3 * MEBIBYTE }) }),
      fc.record({ kind: fc.constant('persist' as const), bytes: fc.integer({ min: 1, max: MEBIBYTE }) }),
      fc.record({ kind: fc.constant('scope' as const), bytes: fc.integer({ min: 1, max: 2 * MEBIBYTE }) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 20 }), (actions) => {
        const memory = newMemory();
        const arena = new Arena(memory, 'test');
        const taken: [number, number][] = [];
        const take = (start: number, bytes: number) => {
          for (const [a, b] of taken) expect(start >= b || start + bytes <= a).toBe(true);
          expect(start % 64).toBe(0);
          expect(start + bytes).toBeLessThanOrEqual(memory.byteLength);
          if (bytes > 0) taken.push([start, start + bytes]);
        };
        for (const { kind, bytes } of actions) {
          if (kind === 'persist') take(memory.allocate(bytes, 'test'), bytes);
          if (kind === 'allocate') take(arena.allocate(bytes), bytes);
          if (kind === 'scope') {
            const mark = arena.mark();
            arena.allocate(bytes);
            arena.release(mark);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
