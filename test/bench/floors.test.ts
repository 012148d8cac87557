import { describe, expect, it } from 'vitest';
import { cpuClass, floors, holds } from '../../bench/support/floors.ts';
import { llamaCppCases } from '../../bench/support/llama-cpp-cases.ts';

describe('cpuClass', () => {
  it('goes by the library that llama.cpp loaded, whatever the CPU could do', () => {
    expect(cpuClass('libggml-cpu-zen4.so', 'AMD EPYC (avx2)')).toBe('vnni');
    expect(cpuClass('libggml-cpu-sapphirerapids.so', '')).toBe('vnni');
    expect(cpuClass('libggml-cpu-haswell.so', 'Some CPU (avx2, avx512_vnni)')).toBe('avx2');
    expect(cpuClass('libggml-cpu-skylakex.so', '')).toBe('avx2');
  });

  it('goes by the features where no library was seen', () => {
    expect(cpuClass(undefined, 'Xeon (avx2, amx_int8)')).toBe('vnni');
    expect(cpuClass('unknown', 'EPYC (avx2, fma)')).toBe('avx2');
  });
});

describe('floors', () => {
  it('names each case and number of threads once', () => {
    const keys = floors.map((floor) => `${floor.case} ${floor.threads}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has floors for every comparison with llama.cpp, and no others under those names', () => {
    const compared = new Set(llamaCppCases.map(({ name }) => name));
    const guarded = new Set(floors.map((floor) => floor.case).filter((name) => /^(decode|prefill|load)-/.test(name)));
    expect(guarded).toEqual(compared);
  });

  it('is a lower limit for ratios and an upper one for times', () => {
    const ratio = floors.find((floor) => floor.case === 'decode-q4_0' && floor.threads === 2)!;
    expect([holds(ratio, 'vnni', 1.1), holds(ratio, 'vnni', 1.09), holds(ratio, 'avx2', 1.1)]).toEqual([
      true,
      false,
      false,
    ]);
    const time = floors.find((floor) => floor.case === 'toy-forward-1')!;
    expect([holds(time, 'vnni', 5.7), holds(time, 'vnni', 5.8)]).toEqual([true, false]);
  });

  it('does not hold for a figure that is not a number', () => {
    for (const floor of floors) expect(holds(floor, 'vnni', Number.NaN)).toBe(false);
  });
});
