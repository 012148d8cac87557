import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { GenerationEvent } from '../../src/engine/events.ts';
import { RealizarError } from '../../src/errors.ts';
import { createChatTemplate } from '../../src/tokenizer/chat-template.ts';
import { collect, fakeEngine } from './fake-engine.ts';
import { fakeAnswer, fakeLogits, FAKE_VOCAB } from './fake-model.ts';
import { fakeTokenizer } from './fake-tokenizer.ts';

const greedy = { temperature: 0 } as const;
const prompt = [5, 6, 7];

describe('a generation', () => {
  test('gives the text of the tokens that the model prefers, piece by piece', async () => {
    const { engine } = fakeEngine();
    const pieces: string[] = [];
    for await (const piece of engine.generate('FGH', { ...greedy, maxTokens: 12, ignoreEos: true })) pieces.push(piece);
    const result = await engine.generate(prompt, { ...greedy, maxTokens: 12, ignoreEos: true }).result();
    expect(pieces.join('')).toBe(result.text);
    expect(result.tokenIds).toHaveLength(12);
    expect(result.text).toBe(fakeTokenizer.decode(result.tokenIds));
    expect(result.promptTokenIds).toEqual(prompt);
  });

  test('ends with the reason length at its limit, and one finish event comes last', async () => {
    const { engine } = fakeEngine();
    const events: GenerationEvent[] = [];
    for await (const event of engine.generate(prompt, { ...greedy, maxTokens: 5, ignoreEos: true }).events())
      events.push(event);
    expect(events.map(({ type }) => type)).toEqual(['token', 'token', 'token', 'token', 'token', 'finish']);
    expect(events.at(-1)).toMatchObject({ reason: 'length', promptTokens: 3, generatedTokens: 5 });
  });

  test('ends at an end token, which is not part of the answer, unless told to go on', async () => {
    const { engine } = fakeEngine();
    const ending = Array.from({ length: FAKE_VOCAB }, (_, id) => [id]).find(
      (ids) => fakeAnswer(ids, 100).length < 100,
    )!;
    const answer = fakeAnswer(ending, 100);
    const ended = await engine.generate(ending, greedy).result();
    expect(ended).toMatchObject({ tokenIds: answer, finishReason: 'stop' });
    const goneOn = await engine.generate(ending, { ...greedy, ignoreEos: true }).result();
    expect(goneOn).toMatchObject({ finishReason: 'length' });
    expect(goneOn.tokenIds.slice(0, answer.length)).toEqual(answer);
  });

  test('fills the context to its last position and ends with the reason length', async () => {
    const { engine } = fakeEngine({ numBlocks: 5, blockSize: 4 });
    const result = await engine.generate(prompt, { ...greedy, ignoreEos: true }).result();
    expect(result.tokenIds).toHaveLength(20 - 3);
    expect(result.finishReason).toBe('length');
  });

  test('ends at a stop string, which is not part of the text', async () => {
    const { engine } = fakeEngine();
    const whole = fakeTokenizer.decode(fakeAnswer(prompt, 20));
    const stop = whole.slice(5, 8);
    const events: GenerationEvent[] = [];
    for await (const event of engine.generate(prompt, { ...greedy, stop: [stop] }).events()) events.push(event);
    expect(events.map(({ text }) => text).join('')).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'stop', stopString: stop });
  });

  test('of no tokens runs the prompt and ends', async () => {
    const { engine } = fakeEngine();
    const result = await engine.generate(prompt, { maxTokens: 0 }).result();
    expect(result).toMatchObject({ tokenIds: [], text: '', finishReason: 'length' });
    expect(result.timings.prefillTokens).toBe(3);
  });

  test('reports log-probabilities of the chosen token and of the best ones', async () => {
    const { engine } = fakeEngine();
    const [event] = await collect(engine.generate(prompt, { ...greedy, maxTokens: 1, logprobs: 3 }).events());
    const logits = fakeLogits(prompt);
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    if (event?.type !== 'token') throw new Error('expected a token');
    expect(event.logprob).toBeCloseTo(Math.max(...logits) - total, 5);
    expect(event.topLogprobs).toHaveLength(3);
    expect(event.topLogprobs![0]).toMatchObject({ tokenId: event.tokenId });
  });

  test('tells how many tokens each part took', async () => {
    const { engine } = fakeEngine();
    const { timings } = await engine.generate(prompt, { ...greedy, maxTokens: 4, ignoreEos: true }).result();
    expect(timings).toMatchObject({ prefillTokens: 3, decodeTokens: 3 });
    for (const milliseconds of [timings.queueMs, timings.prefillMs, timings.decodeMs])
      expect(milliseconds).toBeGreaterThanOrEqual(0);
  });

  test('with the same seed gives the same text, in any company', async () => {
    const { engine } = fakeEngine();
    const options = { temperature: 2, seed: 7n, maxTokens: 10, ignoreEos: true };
    const alone = await engine.generate(prompt, options).result();
    const others = [1, 2, 3].map((id) => engine.generate([id], { temperature: 2, maxTokens: 10 }).result());
    const [inCompany] = await Promise.all([engine.generate(prompt, options).result(), ...others]);
    expect(inCompany.tokenIds).toEqual(alone.tokenIds);
  });

  test('never chooses a row of the model that the tokenizer has no token for', async () => {
    const { engine } = fakeEngine({ tokenizer: { ...fakeTokenizer, vocabSize: 8 } });
    const { tokenIds } = await engine
      .generate(prompt, { temperature: 5, maxTokens: 50, ignoreEos: true, topK: 0, minP: 0, topP: 1 })
      .result();
    expect(Math.max(...tokenIds)).toBeLessThan(8);
  });

  test('does not repeat itself under DRY, except across its breakers', async () => {
    const { engine } = fakeEngine();
    const looped = fakeTokenizer.encode('abcdabcdabc');
    const bias = new Map([[fakeTokenizer.idOf('d')!, 1000]]);
    const first = async (options: object) => {
      const { text } = await engine.generate(looped, { ...greedy, logitBias: bias, maxTokens: 1, ...options }).result();
      return text;
    };
    expect(await first({})).toBe('d');
    expect(await first({ dryMultiplier: 900, dryBase: 100 })).not.toBe('d');
    expect(await first({ dryMultiplier: 900, dryBase: 100, drySequenceBreakers: ['c'] })).toBe('d');
  });

  test('can be read once', async () => {
    const { engine } = fakeEngine();
    const generation = engine.generate(prompt, { maxTokens: 1 });
    await generation.result();
    await expect(generation.result()).rejects.toThrow(/read already/);
  });
});

describe('a request', () => {
  test('that does not fit the context is refused with both numbers', () => {
    const { engine } = fakeEngine({ numBlocks: 2, blockSize: 4 });
    expect(() => engine.generate(Array<number>(8).fill(1))).toThrow(
      expect.objectContaining({
        code: 'context-length-exceeded',
        message: expect.stringMatching(/8 tokens.*context 8/),
      }),
    );
  });

  test.each([
    ['an empty prompt', [], {}],
    ['an id beyond the vocabulary', [FAKE_VOCAB], {}],
    ['a negative id', [-1], {}],
    ['half an id', [1.5], {}],
    ['a negative limit', [1], { maxTokens: -1 }],
    ['half a token', [1], { maxTokens: 1.5 }],
    ['too many alternatives', [1], { logprobs: 1e6 }],
    ['a temperature below zero', [1], { temperature: -1 }],
    ['an empty stop string', [1], { stop: [''] }],
  ])('with %s is refused', (_, ids, options) => {
    const { engine } = fakeEngine();
    expect(() => engine.generate(ids, options)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  test('to chat with a model that has no template is refused, and told what to do instead', () => {
    const { engine } = fakeEngine();
    expect(engine.hasChatTemplate).toBe(false);
    expect(() => engine.chat([{ role: 'user', content: 'hi' }])).toThrow(/no chat template.*generate/);
  });
});

describe('a chat', () => {
  const chatTemplate = createChatTemplate(
    '{% for m in messages %}{{ m.content }}x{% endfor %}{% if tools %}t{% endif %}{{ extra }}',
  );

  test('runs the prompt that the template makes of the messages', async () => {
    const { engine } = fakeEngine({ chatTemplate });
    const messages = [{ role: 'user', content: 'ab' }] as const;
    expect(engine.hasChatTemplate).toBe(true);
    expect(engine.chatPrompt(messages)).toEqual(fakeTokenizer.encode('abx'));
    const { promptTokenIds, tokenIds } = await engine.chat(messages, { ...greedy, maxTokens: 5 }).result();
    expect(promptTokenIds).toEqual(fakeTokenizer.encode('abx'));
    expect(tokenIds).toEqual(fakeAnswer(promptTokenIds, 5));
  });

  test('hands tools and further variables to the template', () => {
    const { engine } = fakeEngine({ chatTemplate });
    const tools = [{ type: 'function', function: { name: 'clock' } }] as const;
    expect(engine.chatPrompt([], { tools, templateOptions: { extra: 'E' } })).toEqual(fakeTokenizer.encode('tE'));
  });
});

describe('many requests', () => {
  test('give what each gives alone, whatever the chunks, the blocks, the arrivals, the cancellations and the preemptions', async () => {
    const request = fc.record({
      prompt: fc.array(fc.integer({ min: 0, max: FAKE_VOCAB - 1 }), { minLength: 1, maxLength: 30 }),
      maxTokens: fc.integer({ min: 1, max: 20 }),
      arrival: fc.integer({ min: 0, max: 12 }),
      cancelAfter: fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined, freq: 4 }),
    });
    const limits = fc.record({
      chunkSize: fc.integer({ min: 1, max: 40 }),
      maxSequences: fc.integer({ min: 1, max: 5 }),
      blockSize: fc.integer({ min: 1, max: 8 }),
      spareBlocks: fc.integer({ min: 0, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(limits, fc.array(request, { minLength: 1, maxLength: 7 }), async (limit, requests) => {
        const contextLength = 50;
        let step = 0;
        let onStep = () => {};
        const { engine } = fakeEngine({
          ...limit,
          numBlocks: Math.ceil(contextLength / limit.blockSize) + limit.spareBlocks,
          contextLength,
          onStep: () => onStep(),
        });

        const run = async ({ prompt: ids, maxTokens, cancelAfter }: (typeof requests)[number]) => {
          const tokens: number[] = [];
          const events = engine.generate(ids, { ...greedy, maxTokens }).events();
          for await (const event of events) {
            if (event.type === 'token') tokens.push(event.tokenId);
            if (tokens.length === cancelAfter) break;
          }
          expect(tokens).toEqual(fakeAnswer(ids, maxTokens).slice(0, cancelAfter));
        };
        const pending: Promise<void>[] = [];
        const arrivals = requests.toSorted((a, b) => a.arrival - b.arrival);
        onStep = () => {
          step++;
          while (arrivals[0] !== undefined && arrivals[0].arrival <= step) pending.push(run(arrivals.shift()!));
        };
        // Those that no step brings in come in when the others are done.
        pending.push(run(arrivals.shift()!));
        while (pending.length > 0) {
          await pending.shift();
          if (pending.length === 0 && arrivals.length > 0) pending.push(run(arrivals.shift()!));
        }
        // Every block is free again: one sequence can have the whole context.
        const last = await engine.generate([1], { ...greedy, ignoreEos: true }).result();
        expect(last.tokenIds).toHaveLength(contextLength - 1);
      }),
      { numRuns: 60 },
    );
  });

  test('that run out of blocks start again and say the same', async () => {
    const { engine, model } = fakeEngine({ numBlocks: 8, blockSize: 4 });
    const prompts = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const maxTokens = 30;
    const results = await Promise.all(prompts.map((ids) => engine.generate(ids, { ...greedy, maxTokens }).result()));
    expect(results.map(({ tokenIds }) => tokenIds)).toEqual(prompts.map((ids) => fakeAnswer(ids, maxTokens)));
    const starts = model.batches.flatMap(({ positions }) => [...positions]).filter((position) => position === 0);
    expect(starts.length).toBeGreaterThan(prompts.length);
  });

  test('are steps of one batch from the first step on, when asked at once', async () => {
    const { engine, model } = fakeEngine({ chunkSize: 64 });
    await Promise.all(
      [[1], [2, 3], [4, 5, 6]].map((ids) =>
        engine.generate(ids, { ...greedy, maxTokens: 3, ignoreEos: true }).result(),
      ),
    );
    expect(model.batches[0]!.outputRows).toEqual(Int32Array.of(0, 2, 5));
    expect(model.batches).toHaveLength(3);
  });
});

describe('logits', () => {
  test.each([1, 3, 64])('of every position are the same in chunks of %i', async (chunkSize) => {
    const { engine } = fakeEngine({ chunkSize });
    const ids = Array.from({ length: 21 }, (_, i) => (i * 5) % FAKE_VOCAB);
    const rows = (await collect(engine.logits(ids))).flatMap((chunk) =>
      Array.from({ length: chunk.length / FAKE_VOCAB }, (_, i) => chunk.slice(i * FAKE_VOCAB, (i + 1) * FAKE_VOCAB)),
    );
    expect(rows).toEqual(ids.map((_, i) => fakeLogits(ids.slice(0, i + 1))));
  });

  test('wait for their reader, and go on beside generations', async () => {
    const { engine, model } = fakeEngine({ chunkSize: 4 });
    const chunks = engine.logits(Array<number>(12).fill(3))[Symbol.asyncIterator]();
    await chunks.next();
    await engine.generate(prompt, { ...greedy, maxTokens: 8, ignoreEos: true }).result();
    expect(model.batches.map(({ tokenIds }) => tokenIds.length)).toEqual([4, 3, 1, 1, 1, 1, 1, 1, 1]);
    await chunks.next();
    await chunks.next();
    expect(await chunks.next()).toMatchObject({ done: true });
  });

  test('come once each, also when somebody else took their blocks meanwhile', async () => {
    const { engine } = fakeEngine({ numBlocks: 4, blockSize: 4, chunkSize: 4 });
    const ids = Array.from({ length: 15 }, (_, i) => i);
    const chunks = engine.logits(ids)[Symbol.asyncIterator]();
    const rows = [await chunks.next()];
    await engine.generate(prompt, { ...greedy, ignoreEos: true }).result();
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) rows.push(next);
    expect(rows.flatMap(({ value }) => [...(value as Float32Array)])).toEqual(
      ids.flatMap((_, i) => [...fakeLogits(ids.slice(0, i + 1))]),
    );
  });

  test('are computed no further when their reader leaves', async () => {
    const { engine, model } = fakeEngine({ chunkSize: 2 });
    for await (const _ of engine.logits(Array<number>(40).fill(3))) break;
    await engine.generate(prompt, { ...greedy, maxTokens: 6, ignoreEos: true }).result();
    expect(model.batches.filter(({ tokenIds }) => tokenIds.every((id) => id === 3)).length).toBeLessThanOrEqual(2);
    await engine.close();
  });

  test('may fill the whole context', async () => {
    const { engine } = fakeEngine({ numBlocks: 2, blockSize: 4 });
    expect(await collect(engine.logits(Array<number>(8).fill(1)))).toHaveLength(1);
    expect(() => engine.logits(Array<number>(9).fill(1))).toThrow(
      expect.objectContaining({ code: 'context-length-exceeded' }),
    );
  });

  test('end with the error aborted when their signal says so', async () => {
    const { engine } = fakeEngine({ chunkSize: 2 });
    const controller = new AbortController();
    const read = async () => {
      for await (const _ of engine.logits(Array<number>(9).fill(1), { signal: controller.signal })) controller.abort();
    };
    await expect(read()).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
  });
});

describe('cancelling', () => {
  test('by signal ends the answer with the reason cancelled, keeps what was said, and frees the blocks for others', async () => {
    const { engine } = fakeEngine({ numBlocks: 8, blockSize: 4, maxSequences: 1 });
    const controller = new AbortController();
    const running = engine.generate(prompt, { ...greedy, ignoreEos: true, signal: controller.signal });
    const events: GenerationEvent[] = [];
    for await (const event of running.events()) {
      events.push(event);
      if (events.length === 4) controller.abort();
    }
    const last = events.at(-1);
    expect(last).toMatchObject({ type: 'finish', reason: 'cancelled' });
    expect(events.length).toBeLessThan(8);
    expect((await engine.generate(prompt, { ...greedy, ignoreEos: true }).result()).tokenIds).toHaveLength(29);
  });

  test('in the midst of a step drops what the step answers', async () => {
    const controller = new AbortController();
    const { engine } = fakeEngine({ onStep: ({ positions }) => void (positions[0] === 4 && controller.abort()) });
    const result = await engine.generate(prompt, { ...greedy, ignoreEos: true, signal: controller.signal }).result();
    expect(result).toMatchObject({ finishReason: 'cancelled', tokenIds: fakeAnswer(prompt, 2) });
  });

  test('before the start runs nothing', async () => {
    const { engine, model } = fakeEngine();
    const result = await engine.generate(prompt, { signal: AbortSignal.abort() }).result();
    expect(result).toMatchObject({ tokenIds: [], finishReason: 'cancelled' });
    expect(model.batches).toHaveLength(0);
  });

  test('by leaving the loop stops the computation', async () => {
    const { engine, model } = fakeEngine();
    for await (const _ of engine.generate(prompt, { ...greedy, ignoreEos: true })) break;
    await vi.waitFor(async () => {
      const steps = model.batches.length;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(model.batches.length).toBe(steps);
    });
    expect(model.batches.length).toBeLessThan(10);
  });
});

describe('an engine', () => {
  test('lets the event loop run between steps', async () => {
    const { engine, model } = fakeEngine();
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    await engine
      .generate(prompt, { ...greedy, maxTokens: 100, ignoreEos: true, signal: AbortSignal.timeout(20) })
      .result();
    clearInterval(count);
    expect(model.batches.length).toBeGreaterThan(1);
    expect(turns).toBeGreaterThan(0);
  });

  test('tells every running generation when its backend fails, and works on with the next', async () => {
    let broken = true;
    const { engine } = fakeEngine({
      onStep: () => {
        if (broken) throw new TypeError('no such lane');
      },
    });
    const answers = await Promise.allSettled([1, 2].map((id) => engine.generate([id], greedy).result()));
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 'rejected',
        reason: { code: 'backend-failed', message: 'the backend failed: no such lane' },
      });
    }
    broken = false;
    expect(
      (await engine.generate(prompt, { ...greedy, maxTokens: 2, ignoreEos: true }).result()).tokenIds,
    ).toHaveLength(2);
  });

  test('passes on an error of the backend that has a code', async () => {
    const error = new RealizarError('out-of-memory', 'no room');
    const { engine } = fakeEngine({ onStep: () => Promise.reject(error) });
    await expect(engine.generate(prompt).result()).rejects.toBe(error);
  });

  test('fails one generation alone when its sampling fails', async () => {
    const { engine } = fakeEngine();
    const forbidden = new Map(Array.from({ length: FAKE_VOCAB }, (_, id) => [id, -Infinity]));
    const [bad, good] = await Promise.allSettled([
      engine.generate(prompt, { logitBias: forbidden }).result(),
      engine.generate(prompt, { ...greedy, maxTokens: 2 }).result(),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'invalid-argument' } });
    expect(good).toMatchObject({ status: 'fulfilled' });
  });

  test('that is closed ends what runs, frees the model, and takes nothing more', async () => {
    const { engine, model } = fakeEngine();
    const running = engine.generate(prompt, { ...greedy, ignoreEos: true });
    const ended = expect(running.result()).rejects.toThrow(expect.objectContaining({ code: 'closed' }));
    await engine.close();
    await ended;
    expect(model.disposed).toBe(true);
    expect(() => engine.generate(prompt)).toThrow(expect.objectContaining({ code: 'closed' }));
    await engine.close();
  });

  test('waits for the step that runs before it frees the model', async () => {
    const steps: boolean[] = [];
    const { engine, model } = fakeEngine({
      onStep: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        steps.push(model.disposed);
      },
    });
    const running = engine.generate(prompt, greedy).result();
    const ended = expect(running).rejects.toThrow(expect.objectContaining({ code: 'closed' }));
    await new Promise((resolve) => setTimeout(resolve, 2));
    await engine.close();
    await ended;
    expect(steps).toEqual([false]);
  });

  test('is closed by await using', async () => {
    const { engine, model } = fakeEngine();
    {
      await using held = engine;
      await held.generate(prompt, { maxTokens: 1 }).result();
    }
    expect(model.disposed).toBe(true);
  });

  test('refuses a flood instead of filling the memory', async () => {
    const { engine } = fakeEngine();
    const flood = () => {
      for (let i = 0; i < 5000; i++) engine.generate(prompt, { maxTokens: 1 });
    };
    expect(flood).toThrow(expect.objectContaining({ code: 'queue-full' }));
    await engine.close();
  });

  test('says what it is', () => {
    const { engine, model } = fakeEngine();
    expect(engine).toMatchObject({ modelId: 'fake', contextLength: 128, memoryBytes: 1, backend: { mode: 'fake' } });
    expect(engine.config).toBe(model.config);
  });
});
