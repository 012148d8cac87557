import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import type { GenerateOptions, GenerationEvent } from '../../src/engine/events.ts';
import { RealizarError } from '../../src/errors.ts';
import { collect, fakeEngine } from './fake-engine.ts';
import { FAKE_VOCAB, fakeAnswer, fakeLogits } from './fake-model.ts';
import { fakeTokenizer } from './fake-tokenizer.ts';

const CONTEXT = 60;
const greedy = { temperature: 0 } as const;

interface Request {
  readonly prompt: readonly number[];
  readonly options: GenerateOptions;
  /** The step in which it is asked. */
  readonly arrival: number;
  /** Events after which its reader leaves. */
  readonly leaveAfter: number | undefined;
}

const sampling = fc.oneof(
  fc.constant(greedy),
  fc.constant(greedy),
  fc.record({ temperature: fc.constantFrom(0.3, 2), topK: fc.constantFrom(0, 3, 20), seed: fc.nat() }),
  fc.record({ temperature: fc.constant(0), repetitionPenalty: fc.constant(1.3) }),
  fc.record({ temperature: fc.constant(1), mirostat: fc.constant<2>(2), seed: fc.nat() }),
);
const anyRequest: fc.Arbitrary<Request> = fc.record({
  prompt: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 30 }),
  options: fc
    .tuple(
      sampling,
      fc.record(
        {
          maxTokens: fc.integer({ min: 0, max: 30 }),
          ignoreEos: fc.boolean(),
          logprobs: fc.constant(2),
          stop: fc.array(fc.stringMatching(/^[A-Z]$/), { minLength: 1, maxLength: 2 }),
        },
        { requiredKeys: [] },
      ),
    )
    .map(([params, options]) => ({ ...params, ...options })),
  arrival: fc.integer({ min: 0, max: 12 }),
  leaveAfter: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined, freq: 4 }),
});
const anyLimits = fc.record({
  chunkSize: fc.integer({ min: 1, max: 40 }),
  maxSequences: fc.integer({ min: 1, max: 5 }),
  blockSize: fc.integer({ min: 1, max: 8 }),
  spareBlocks: fc.integer({ min: 0, max: 8 }),
  memory: fc.constantFrom(1, 2, 3, Infinity),
});

/** What a reader sees, without times. */
async function eventsOf(engine: Engine, { prompt, options, leaveAfter }: Request): Promise<object[]> {
  const seen: object[] = [];
  for await (const event of engine.generate(prompt, options).events()) {
    const { timings: _, ...rest } = event as Extract<GenerationEvent, { type: 'finish' }>;
    seen.push(rest);
    if (seen.length === leaveAfter) break;
  }
  return seen;
}

/** Each request's events when it is alone and every step is read before the next. */
const plainly = (requests: readonly Request[], memory: number) =>
  Promise.all(requests.map((request) => eventsOf(fakeEngine({ contextLength: CONTEXT, memory }).engine, request)));

type Limits = typeof anyLimits extends fc.Arbitrary<infer T> ? T : never;
type Shortcuts = Parameters<typeof fakeEngine>[0] & { readonly promptLookup?: number | undefined };

/** The events of requests that arrive while steps run. */
async function together(
  requests: readonly Request[],
  { spareBlocks, ...limits }: Limits,
  { promptLookup, onStep = () => {}, ...options }: Shortcuts,
) {
  let step = 0;
  const results = new Map<Request, Promise<object[]>>();
  const { engine, model } = fakeEngine({
    ...limits,
    ...options,
    contextLength: CONTEXT,
    numBlocks: Math.ceil(CONTEXT / limits.blockSize) + spareBlocks,
    onStep: async (batch, fake) => {
      arrive(step++);
      await onStep(batch, fake);
    },
  });
  const arrive = (now: number) => {
    for (const request of requests) {
      if (request.arrival > now || results.has(request)) continue;
      const run = { ...request, options: { ...request.options, ...(promptLookup && { promptLookup }) } };
      results.set(request, eventsOf(engine, run));
    }
  };
  // Those that no step brings in come in when the others are done.
  while (results.size < requests.length) {
    arrive(step++);
    await Promise.all(results.values());
  }
  const events = await Promise.all(requests.map((request) => results.get(request)!));
  // Every block is free again: one sequence can have the whole context.
  const last = await engine.generate([1], { ...greedy, ignoreEos: true }).result();
  expect(last.tokenIds).toHaveLength(CONTEXT - 1);
  return { events, model };
}

describe('whatever is asked, and whoever else asks', () => {
  const anyRequests = fc.array(anyRequest, { minLength: 1, maxLength: 6 });

  test('guessed tokens change no event', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRequests,
        anyLimits,
        fc.integer({ min: 1, max: 12 }),
        async (requests, limits, promptLookup) => {
          const { events } = await together(requests, limits, { promptLookup });
          expect(events).toEqual(await plainly(requests, limits.memory));
        },
      ),
      { numRuns: 60 },
    );
  });

  const plainRequest = anyRequest.map(({ options: { maxTokens, ignoreEos, stop }, ...request }): Request => {
    const limits = { ...(maxTokens !== undefined && { maxTokens }), ...(stop && { stop }) };
    return { ...request, options: { ...greedy, ...limits, ignoreEos: ignoreEos === true } };
  });
  test.each([2, 4])('%i steps in flight change no event of greedy answers', async (stepsInFlight) => {
    let ahead = 0;
    const requests = fc.array(plainRequest, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(requests, anyLimits, async (asked, limits) => {
        const { events, model } = await together(asked, limits, { stepsInFlight });
        expect(events).toEqual(await plainly(asked, limits.memory));
        expect(model.mostInFlight).toBeLessThanOrEqual(stepsInFlight);
        ahead += model.batches.filter(({ chosen }) => chosen !== undefined && chosen.rows.length > 1).length;
      }),
      { numRuns: 60 },
    );
    expect(ahead).toBeGreaterThan(60);
  });

  test.each([2, 4])('%i steps in flight change no event of any answer', async (stepsInFlight) => {
    await fc.assert(
      fc.asyncProperty(
        anyRequests,
        anyLimits,
        fc.option(fc.constant(5), { nil: undefined }),
        async (requests, limits, promptLookup) => {
          const { events, model } = await together(requests, limits, { stepsInFlight, promptLookup });
          expect(events).toEqual(await plainly(requests, limits.memory));
          expect(model.mostInFlight).toBeLessThanOrEqual(stepsInFlight);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a device that is lost', () => {
  const lossy = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 4 });
  const shortcuts = fc.record({ stepsInFlight: fc.constantFrom(1, 2, 4), promptLookup: fc.constantFrom(undefined, 6) });

  test('changes no event, whenever it happens: none is missing and none comes twice', async () => {
    const requests = fc.array(anyRequest, { minLength: 1, maxLength: 5 });
    let restores = 0;
    await fc.assert(
      fc.asyncProperty(requests, anyLimits, shortcuts, lossy, async (asked, limits, shortcut, losses) => {
        let step = 0;
        const { events, model } = await together(asked, limits, {
          ...shortcut,
          onStep: (_, fake) => {
            if (losses.includes(step++)) fake.lost = true;
          },
        });
        expect(events).toEqual(await plainly(asked, limits.memory));
        restores += model.restores;
      }),
      { numRuns: 80 },
    );
    expect(restores).toBeGreaterThan(80);
  });

  test('is noticed also when a step tells first what followed from it', async () => {
    let step = 0;
    const { engine, model } = fakeEngine({
      stepsInFlight: 4,
      onStep: (_, fake) => {
        if (step++ !== 3) return;
        fake.lost = true;
        throw new TypeError('no such buffer');
      },
    });
    const { tokenIds } = await engine.generate([5, 6, 7], { ...greedy, maxTokens: 12 }).result();
    expect(tokenIds).toEqual(fakeAnswer([5, 6, 7], 12));
    expect(model.restores).toBe(1);
  });

  test('changes no logits', async () => {
    let step = 0;
    const { engine, model } = fakeEngine({
      chunkSize: 3,
      onStep: (_, fake) => {
        if (step++ === 2) fake.lost = true;
      },
    });
    const ids = Array.from({ length: 10 }, (_, i) => i);
    const rows = await collect(engine.logits(ids));
    expect(rows.flatMap((row) => [...row])).toEqual(ids.flatMap((_, i) => [...fakeLogits(ids.slice(0, i + 1))]));
    expect(model.restores).toBe(1);
  });

  test('again and again ends all that run with an error that says so', async () => {
    const { engine, model } = fakeEngine({ onStep: (_, fake) => void (fake.lost = true) });
    const results = [1, 2].map((id) => engine.generate([id], greedy).result());
    for (const result of await Promise.allSettled(results))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'device-lost' } });
    expect(model.restores).toBe(10);
  });

  test('and cannot be had again ends all that run with the reason', async () => {
    const { engine, model } = fakeEngine({ onStep: (_, fake) => void (fake.lost = true) });
    model.restore = () => Promise.reject(new RealizarError('file-not-found', 'gone'));
    await expect(engine.generate([1], greedy).result()).rejects.toThrow(
      expect.objectContaining({ code: 'file-not-found' }),
    );
    await engine.close();
  });
});

describe('steps in flight', () => {
  test.each([1, 2, 4])('are as many as the backend takes (%i) while all take the best token', async (stepsInFlight) => {
    const { engine, model } = fakeEngine({ stepsInFlight });
    const prompts = [
      [5, 6, 7],
      [8, 9],
    ];
    const maxTokens = 12;
    const results = await Promise.all(
      prompts.map((prompt) => engine.generate(prompt, { ...greedy, maxTokens, ignoreEos: true }).result()),
    );
    expect(model.mostInFlight).toBe(stepsInFlight);
    expect(model.batches).toHaveLength(maxTokens);
    expect(model.batches.filter(({ chosen }) => chosen !== undefined).length).toBeGreaterThanOrEqual(
      stepsInFlight === 1 ? 0 : maxTokens / 2,
    );
    const alone = prompts.map((prompt) =>
      fakeEngine().engine.generate(prompt, { ...greedy, maxTokens, ignoreEos: true }),
    );
    const expected = await Promise.all(alone.map((generation) => generation.result()));
    expect(results.map(({ tokenIds }) => tokenIds)).toEqual(expected.map(({ tokenIds }) => tokenIds));
  });

  test('are one where a token is drawn, log-probabilities are asked for, or tokens are guessed', async () => {
    for (const options of [{ temperature: 1 }, { ...greedy, logprobs: 1 }, { ...greedy, promptLookup: 4 }]) {
      const { engine, model } = fakeEngine({ stepsInFlight: 4 });
      await engine.generate([5, 6, 7], { ...options, maxTokens: 8, ignoreEos: true }).result();
      expect(model.mostInFlight).toBe(1);
    }
  });

  test('never go beyond the last token that is wanted', async () => {
    const { engine, model } = fakeEngine({ stepsInFlight: 4 });
    await engine.generate([5, 6, 7], { ...greedy, maxTokens: 2, ignoreEos: true }).result();
    await engine.generate([5, 6, 7], { ...greedy, maxTokens: 5, ignoreEos: true }).result();
    expect(model.batches).toHaveLength(2 + 5);
  });

  test('that compute an answer which has ended are read and dropped, and the next request is answered', async () => {
    const { engine, model } = fakeEngine({ stepsInFlight: 4 });
    const ending = Array.from({ length: FAKE_VOCAB }, (_, id) => [id]).find((ids) => fakeAnswer(ids, 60).length < 60)!;
    const answer = fakeAnswer(ending, 60);
    expect((await engine.generate(ending, greedy).result()).tokenIds).toEqual(answer);
    expect((await engine.generate(ending, greedy).result()).tokenIds).toEqual(answer);
    await engine.close();
    expect(model.batches.length).toBeGreaterThan(2 * (answer.length + 1));
  });

  test('are read before the model is freed', async () => {
    let steps = 0;
    const { engine, model } = fakeEngine({ stepsInFlight: 4, onStep: () => void steps++ });
    const running = engine.generate([5, 6, 7], { ...greedy, ignoreEos: true });
    const ended = expect(running.result()).rejects.toThrow(expect.objectContaining({ code: 'closed' }));
    await new Promise((resolve) => setTimeout(resolve, 2));
    await engine.close();
    expect(steps).toBe(model.batches.length);
    await ended;
  });

  test('that fail end all that run, once, and the engine works on', async () => {
    let broken = 3;
    const { engine } = fakeEngine({
      stepsInFlight: 4,
      onStep: () => {
        if (--broken === 0) throw new TypeError('no such lane');
      },
    });
    const failed = engine.generate([5, 6, 7], { ...greedy, ignoreEos: true }).result();
    await expect(failed).rejects.toThrow(expect.objectContaining({ code: 'backend-failed' }));
    const { tokenIds } = await engine.generate([5, 6, 7], { ...greedy, maxTokens: 9 }).result();
    expect(tokenIds).toEqual(fakeAnswer([5, 6, 7], 9));
  });
});

describe('of each row a step brings back', () => {
  test.each([
    [{ ...greedy }, 1],
    [{ temperature: 1, topK: 20 }, 20],
    [{ temperature: 1, topK: 0 }, undefined],
    [{ temperature: 1, topK: FAKE_VOCAB }, undefined], // as much as all logits
    [{ ...greedy, logprobs: 0 }, undefined],
    [{ ...greedy, repetitionPenalty: 1.2 }, undefined],
  ])('what its sampler needs: of %o the best %s', async (options, count) => {
    const { engine, model } = fakeEngine();
    await engine.generate([5, 6, 7], { ...options, maxTokens: 2, ignoreEos: true }).result();
    expect(model.bestOf.map((best) => best?.count)).toEqual([count, count]);
  });

  test('what the neediest of its requests needs, and nobody who only reads a prompt counts', async () => {
    const { engine, model } = fakeEngine({ chunkSize: 8 });
    await Promise.all([
      engine.generate([5, 6], { ...greedy, maxTokens: 2, ignoreEos: true }).result(),
      engine.generate(Array<number>(16).fill(3), { temperature: 1, topK: 9, maxTokens: 1, ignoreEos: true }).result(),
    ]);
    expect(model.bestOf.map((best) => best?.count)).toEqual([1, 1, 9]);
  });

  test('only tokens that the tokenizer knows', async () => {
    const { engine, model } = fakeEngine({ tokenizer: { ...fakeTokenizer, vocabSize: 20 } });
    await engine.generate([5, 6], { ...greedy, maxTokens: 1 }).result();
    expect(model.bestOf).toEqual([{ count: 1, limit: 20 }]);
  });
});

test('eight answers are steps of eight rows', async () => {
  const { engine, model } = fakeEngine({ maxSequences: 8, chunkSize: 64, numBlocks: 64 });
  const prompts = Array.from({ length: 8 }, (_, i) => [i + 1, i + 2]);
  await Promise.all(
    prompts.map((prompt) => engine.generate(prompt, { temperature: 1, maxTokens: 5, ignoreEos: true }).result()),
  );
  expect(model.batches.map(({ tokenIds }) => tokenIds.length)).toEqual([16, 8, 8, 8, 8]);
});
