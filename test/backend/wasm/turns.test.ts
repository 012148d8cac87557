import { expect, test } from 'vitest';
import { Turns } from '../../../src/backend/wasm/turns.ts';

const later = () => new Promise<void>((resolve) => void setTimeout(resolve, 1));

test('jobs run one after another in the order of their asking, the first at once', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const job = (name: string) => async () => {
    log.push(`${name} begins`);
    await later();
    log.push(`${name} ends`);
    return name;
  };
  const results = [turns.take(job('a')), turns.take(job('b')), turns.take(job('c'))];
  expect(log).toEqual(['a begins']);
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  void turns.take(job('d'));
  expect(log.at(-1)).toBe('d begins');
});

test('a job that fails holds nobody up', async () => {
  const turns = new Turns();
  const failed = turns.take(async () => {
    await later();
    throw new Error('no');
  });
  const next = turns.take(async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
