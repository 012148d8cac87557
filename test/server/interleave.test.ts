import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { interleave } from '../../src/server/routes/openai/interleave.ts';

async function* after<Item>(scheduler: fc.Scheduler, items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await scheduler.schedule(Promise.resolve(item));
}

test('every source keeps its order and loses nothing, however they run', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(fc.nat(), { maxLength: 5 }), { maxLength: 4 }),
      async (scheduler, sources) => {
        const seen: number[][] = sources.map(() => []);
        const read = async (): Promise<void> => {
          for await (const { index, item } of interleave(sources.map((items) => after(scheduler, items))))
            seen[index]!.push(item);
        };
        await scheduler.waitFor(read());
        expect(seen).toEqual(sources);
      },
    ),
  );
});

async function* failing(message: string): AsyncGenerator<number> {
  yield 0;
  throw new Error(message);
}

test('an error of one ends all: the others are closed, and their own errors are nobody’s', async () => {
  let closed = false;
  async function* endless(): AsyncGenerator<number> {
    try {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield 1;
      }
    } finally {
      closed = true;
    }
  }
  const read = async (): Promise<void> => {
    for await (const _ of interleave([endless(), failing('first'), failing('second')]));
  };
  await expect(read()).rejects.toThrow('first');
  expect(closed).toBe(true);
});
