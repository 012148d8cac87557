import { expect, test, vi } from 'vitest';
import { AsyncQueue } from '../../src/engine/async-queue.ts';

const end = { value: undefined, done: true };

test('what was pushed before and what is pushed while somebody waits comes in order, once', async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  const all = [queue.next(), queue.next(), queue.next()];
  queue.push(2);
  queue.push(3);
  queue.close();
  expect((await Promise.all(all)).map(({ value }) => value)).toEqual([1, 2, 3]);
  expect(await queue.next()).toEqual(end);
  expect(await queue.next()).toEqual(end);
});

test('everybody who waits is told of the end, and what comes after it is dropped', async () => {
  const queue = new AsyncQueue<number>();
  const waiting = [queue.next(), queue.next()];
  queue.close();
  queue.push(1);
  expect(await Promise.all(waiting)).toEqual([end, end]);
  expect(await queue.next()).toEqual(end);
});

test('an error comes after what was pushed, once, and without a reader nobody is troubled', async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.fail(new Error('broken'));
  queue.fail(new Error('later'));
  expect(await queue.next()).toEqual({ value: 1, done: false });
  await expect(queue.next()).rejects.toThrow('broken');
  expect(await queue.next()).toEqual(end);
});

test('a reader who leaves before the end is noticed, and one who leaves after it is not', async () => {
  const left = vi.fn();
  const queue = new AsyncQueue<number>(left);
  queue.push(1);
  queue.push(2);
  for await (const _ of queue) break;
  expect(left).toHaveBeenCalledTimes(1);
  expect(await queue.next()).toEqual(end);
  await queue.return();
  expect(left).toHaveBeenCalledTimes(1);
});

test('whoever pushes is told when the reader has taken all there is', async () => {
  const wanted = vi.fn();
  const queue = new AsyncQueue<number>(undefined, wanted);
  queue.push(1);
  await queue.next();
  expect(wanted).not.toHaveBeenCalled();
  const next = queue.next();
  expect(wanted).toHaveBeenCalledTimes(1);
  queue.push(2);
  await next;
});
