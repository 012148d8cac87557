import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fastest } from '../../../../src/backend/webgpu/autotune/fastest.ts';

/** A clock that tells each candidate's times in order, and its last ever after. */
function clock(times: Readonly<Record<string, readonly number[]>>) {
  const asked: string[] = [];
  const time = async (candidate: string) => {
    const told = asked.filter((name) => name === candidate).length;
    asked.push(candidate);
    return times[candidate]![Math.min(told, times[candidate]!.length - 1)]!;
  };
  return { asked, time };
}

test('takes what is clearly faster than what is used so far', async () => {
  const { time } = clock({ usual: [10], faster: [8], fastest: [5], slower: [20] });
  expect(await fastest(['usual', 'slower', 'faster', 'fastest'], time)).toBe('fastest');
});

test('keeps what is used so far where others are as fast or hardly faster', async () => {
  const { time } = clock({ usual: [10], same: [10], hardly: [9.8] });
  expect(await fastest(['usual', 'same', 'hardly'], time)).toBe('usual');
});

test('of two that are equally fast takes the one named first', async () => {
  const { time } = clock({ usual: [10], a: [5], b: [5] });
  expect(await fastest(['usual', 'a', 'b'], time)).toBe('a');
});

test('is not misled by a disturbance, nor by a device that is slow at first', async () => {
  const disturbed = clock({ usual: [10], good: [11, 7, 30], bad: [9, 9.5, 9.9] });
  expect(await fastest(['usual', 'good', 'bad'], disturbed.time)).toBe('good');
  const warming = clock({ usual: [30, 6], other: [10, 9] });
  expect(await fastest(['usual', 'other'], warming.time)).toBe('usual');
});

test('does not ask again what is far behind, but always what is used so far', async () => {
  const { asked, time } = clock({ usual: [50], good: [10], hopeless: [40] });
  await fastest(['usual', 'good', 'hopeless'], time);
  expect(asked).toEqual(['usual', 'good', 'hopeless', 'usual', 'good', 'usual', 'good']);
});

test('is content with one round where time is over, and asks nothing of a single candidate', async () => {
  const { asked, time } = clock({ usual: [10], good: [5] });
  expect(await fastest(['usual', 'good'], time, () => true)).toBe('good');
  expect(asked).toEqual(['usual', 'good']);
  expect(await fastest(['usual'], () => Promise.reject(new Error('asked')))).toBe('usual');
});

test('whatever the noise, what it takes is at least nearly as fast as what was used', async () => {
  const times = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      times,
      fc.array(fc.double({ min: 0, max: 0.2, noNaN: true }), { minLength: 1 }),
      async (real, noise) => {
        let n = 0;
        const chosen = await fastest([...real.keys()], async (i) => real[i]! * (1 + noise[n++ % noise.length]!));
        expect(real[chosen]!).toBeLessThanOrEqual(1.2 * real[0]!);
      },
    ),
  );
});
