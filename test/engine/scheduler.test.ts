import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockManager } from '../../src/engine/block-manager.ts';
import { Scheduler, type ScheduledRows } from '../../src/engine/scheduler.ts';
import { Sequence } from '../../src/engine/sequence.ts';

const generation = (promptLength: number) =>
  new Sequence(
    Array.from({ length: promptLength }, (_, i) => i),
    promptLength - 1,
  );

/** What the loop does with a step: counts it as computed, and appends a token to whoever arrived at its end. */
function compute(step: readonly ScheduledRows[]): void {
  for (const { sequence, rows } of step) {
    sequence.computed += rows;
    if (sequence.missing === 0) sequence.append(7);
  }
}

const blocksOf = (sequences: readonly Sequence[]) => sequences.flatMap(({ blocks }) => blocks);

describe('scheduler', () => {
  test('a long prompt is computed in chunks', () => {
    const scheduler = new Scheduler(new BlockManager(8, 4), { maxSequences: 2, chunkSize: 5 });
    const sequence = generation(12);
    scheduler.add(sequence);
    const chunks = [1, 2, 3].map(() => {
      const step = scheduler.schedule();
      compute(step);
      return step.map(({ start, rows }) => [start, rows]);
    });
    expect(chunks).toEqual([[[0, 5]], [[5, 5]], [[10, 2]]]);
  });

  test('a running answer gets its row in every step of another prompt, and at most one chunk beside it', () => {
    const scheduler = new Scheduler(new BlockManager(16, 4), { maxSequences: 2, chunkSize: 3 });
    const first = generation(2);
    scheduler.add(first);
    compute(scheduler.schedule());
    const second = generation(20);
    scheduler.add(second);
    for (let i = 0; i < 5; i++) {
      const step = scheduler.schedule();
      expect(step.map(({ sequence, rows }) => [sequence === first, rows])).toEqual([
        [true, 1],
        [false, 3],
      ]);
      compute(step);
    }
  });

  test('the youngest gives its blocks back when they run out, keeps its tokens, and comes back', () => {
    const blocks = new BlockManager(4, 4);
    const scheduler = new Scheduler(blocks, { maxSequences: 4, chunkSize: 64 });
    const old = generation(7);
    const young = generation(4);
    scheduler.add(old);
    compute(scheduler.schedule());
    scheduler.add(young);
    compute(scheduler.schedule());

    while (young.status === 'running') compute(scheduler.schedule());
    expect(young.blocks).toEqual([]);
    expect(young.tokenIds.length).toBeGreaterThan(4);

    scheduler.remove(old);
    const [resumed] = scheduler.schedule();
    expect(resumed).toMatchObject({ sequence: young, start: 0, rows: young.tokenIds.length });
  });

  test('a preempted sequence comes back before those that have waited all along, and nobody is let in in its place', () => {
    const scheduler = new Scheduler(new BlockManager(4, 4), { maxSequences: 2, chunkSize: 64 });
    const [old, young, waiting] = [generation(7), generation(3), generation(1)];
    for (const sequence of [old, young, waiting]) scheduler.add(sequence);
    compute(scheduler.schedule());
    expect(young.computed).toBe(3);
    while (young.status === 'running') {
      const step = scheduler.schedule();
      if ((young.status as string) === 'waiting') expect(step.map(({ sequence }) => sequence)).toEqual([old]);
      compute(step);
    }
    scheduler.remove(old);
    expect(scheduler.schedule().map(({ sequence }) => sequence)).toEqual([young, waiting]);
  });

  test('nobody is let in whose blocks those that run will need in their next steps', () => {
    const scheduler = new Scheduler(new BlockManager(3, 4), { maxSequences: 2, chunkSize: 64 });
    const [first, second] = [generation(8), generation(2)];
    scheduler.add(first);
    scheduler.add(second);
    expect(scheduler.schedule().map(({ sequence }) => sequence)).toEqual([first]);
  });

  test.each([
    { what: 'blocks as it grows', maxSequences: 4, promptLength: 4 },
    { what: 'blocks to begin with', maxSequences: 4, promptLength: 12 },
    { what: 'a place', maxSequences: 1, promptLength: 4 },
  ])(
    'a paused sequence is passed over, and makes way for another that needs $what',
    ({ maxSequences, promptLength }) => {
      const scheduler = new Scheduler(new BlockManager(4, 4), { maxSequences, chunkSize: 64 });
      const [paused, other] = [generation(8), generation(promptLength)];
      scheduler.add(paused);
      compute(scheduler.schedule());
      paused.paused = true;
      scheduler.add(other);
      while (other.tokenIds.length < 16) {
        const step = scheduler.schedule();
        expect(step.map(({ sequence }) => sequence)).toEqual([other]);
        compute(step);
      }
      expect(paused.status).toBe('waiting');

      scheduler.remove(other);
      expect(scheduler.schedule()).toEqual([]);
      paused.paused = false;
      expect(scheduler.schedule()).toMatchObject([{ sequence: paused, start: 0, rows: 9 }]);
    },
  );

  test('a draft takes what prefill has left of a chunk', () => {
    const scheduler = new Scheduler(new BlockManager(8, 4), { maxSequences: 2, chunkSize: 6 });
    const [sequence, other] = [generation(2), generation(4)];
    scheduler.add(sequence);
    compute(scheduler.schedule());
    sequence.draft = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(scheduler.schedule()).toEqual([{ sequence, start: 2, rows: 7, draft: [1, 2, 3, 4, 5, 6] }]);
    scheduler.add(other);
    expect(scheduler.schedule()).toEqual([
      { sequence, start: 2, rows: 3, draft: [1, 2] },
      { sequence: other, start: 0, rows: 4 },
    ]);
  });

  test('there is no draft where blocks run out for it, and nobody makes way for one', () => {
    const scheduler = new Scheduler(new BlockManager(2, 4), { maxSequences: 2, chunkSize: 6 });
    const sequence = generation(6);
    scheduler.add(sequence);
    compute(scheduler.schedule());
    sequence.draft = [1, 2];
    expect(scheduler.schedule()).toEqual([{ sequence, start: 6, rows: 1 }]);
  });

  test('steps ahead have a row of everybody who runs, until somebody may come in, has known tokens, or blocks run out', () => {
    const scheduler = new Scheduler(new BlockManager(3, 4), { maxSequences: 2, chunkSize: 8 });
    const [first, second] = [generation(2), generation(3)];
    scheduler.add(first);
    expect(scheduler.scheduleAhead(() => true)).toBeUndefined();
    const start = (step: readonly ScheduledRows[]) => {
      for (const { sequence, rows } of step) sequence.computed += rows;
    };
    start(scheduler.schedule());
    scheduler.add(second);
    expect(scheduler.scheduleAhead(() => true)).toBeUndefined();
    first.append(7);
    start(scheduler.schedule());
    expect(scheduler.scheduleAhead((sequence) => sequence !== second)).toBeUndefined();
    scheduler.add(generation(1)); // for whom there is no place
    const ahead = scheduler.scheduleAhead(() => true)!;
    expect(ahead.map(({ sequence, start: at, rows }) => [sequence, at, rows])).toEqual([
      [first, 3, 1],
      [second, 3, 1],
    ]);
    start(ahead);
    expect([first.tokensInFlight, second.tokensInFlight]).toEqual([2, 2]);
    expect(scheduler.scheduleAhead(() => true)).toBeUndefined(); // both need a block and one is left
  });

  test('when all start again they keep their order, before those that wait', () => {
    const scheduler = new Scheduler(new BlockManager(8, 4), { maxSequences: 2, chunkSize: 64 });
    const [first, second, third] = [generation(2), generation(3), generation(1)];
    for (const sequence of [first, second, third]) scheduler.add(sequence);
    compute(scheduler.schedule());
    scheduler.preemptAll();
    expect(scheduler.numRunning).toBe(0);
    expect(blocksOf([first, second, third])).toEqual([]);
    expect(scheduler.schedule()).toEqual([
      { sequence: first, start: 0, rows: 3 },
      { sequence: second, start: 0, rows: 4 },
    ]);
  });

  test('whatever comes and goes: no block has two owners, none is lost, limits hold and the oldest advances', () => {
    const limits = fc.record({
      maxSequences: fc.integer({ min: 1, max: 4 }),
      chunkSize: fc.integer({ min: 1, max: 9 }),
    });
    const add = fc.record({ add: fc.integer({ min: 1, max: 30 }) });
    const remove = fc.record({ remove: fc.nat() });
    const commands = fc.array(fc.oneof(add, remove, fc.constant('step' as const), fc.constant('step' as const)), {
      maxLength: 120,
    });

    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 5 }), commands, (limit, blockSize, script) => {
        const maxLength = 40;
        const blocks = new BlockManager(Math.ceil(maxLength / blockSize) + 1, blockSize);
        const scheduler = new Scheduler(blocks, limit);
        const alive: Sequence[] = [];
        for (const command of script) {
          if (command === 'step') {
            const oldest = alive.find(({ status }) => status === 'running');
            const before = oldest?.computed;
            const step = scheduler.schedule();
            for (const { sequence, rows } of step) {
              expect(rows).toBeGreaterThan(0);
              expect(sequence.blocks.length).toBe(Math.ceil(sequence.tokenIds.length / blockSize));
            }
            const prefill = step.filter(({ sequence }) => sequence.missing > 1);
            expect(prefill.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(limit.chunkSize);
            expect(new Set(step.map(({ sequence }) => sequence)).size).toBe(step.length);
            expect(scheduler.numRunning).toBeLessThanOrEqual(limit.maxSequences);
            if (alive.length > 0) expect(step.length).toBeGreaterThan(0);
            compute(step);
            if (oldest !== undefined) expect(oldest.computed).toBeGreaterThan(before!);
            for (const sequence of alive.filter(({ tokenIds }) => tokenIds.length >= maxLength)) {
              scheduler.remove(sequence);
              alive.splice(alive.indexOf(sequence), 1);
            }
          } else if ('add' in command) {
            const sequence = generation(command.add);
            alive.push(sequence);
            scheduler.add(sequence);
          } else if (alive.length > 0) {
            scheduler.remove(alive.splice(command.remove % alive.length, 1)[0]!);
          }
          const owned = blocksOf(alive);
          expect(new Set(owned).size).toBe(owned.length);
          expect(owned.length + blocks.numFree).toBe(blocks.numBlocks);
        }
        for (const sequence of alive) scheduler.remove(sequence);
        expect(blocks.numFree).toBe(blocks.numBlocks);
      }),
      { numRuns: 300 },
    );
  });
});
