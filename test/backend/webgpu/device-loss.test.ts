import { expect, test } from 'vitest';
import { demoModelPath } from '../../../src/demo.node.ts';
import { type Doom, startDoomed } from './support/doomed-device.ts';
import { describeWithGpu } from './support/open-gpu.ts';

const PROMPT = 'Once upon a time';
const TOKENS = 16;
const TEXT = ', there was a brave mouse named Mia. She lived near the river. She';

/** scripts/check-device-loss.ts has a hundred, at random. */
const dooms: readonly Doom[] = [
  { step: 1, when: 'after' },
  { step: 9, when: 'before' },
  { milliseconds: 400, when: 'later' },
];

describeWithGpu('a lost device', () => {
  test.each(dooms)('is replaced, and the stream goes on with the same text: %o', { timeout: 60_000 }, async (how) => {
    const { engine, doom, devicesOpened } = await startDoomed(demoModelPath(), 128);
    await using _ = engine;
    doom(how);
    const { text } = await engine.generate(PROMPT, { maxTokens: TOKENS, temperature: 0 }).result();
    expect({ text, devices: devicesOpened() }).toEqual({ text: TEXT, devices: 2 });
  });

  test.each<Doom>([
    { step: 1, when: 'before' },
    { step: 7, when: 'before' },
  ])('is replaced while the model is loaded: %o', { timeout: 60_000 }, async (how) => {
    const { engine, devicesOpened } = await startDoomed(demoModelPath(), 128, [how]);
    await using _ = engine;
    const { text } = await engine.generate(PROMPT, { maxTokens: 4, temperature: 0 }).result();
    expect({ text, devices: devicesOpened() }).toEqual({ text: ', there was a', devices: 2 });
  });

  test('that is lost again while the model is loaded is told', async () => {
    const both: readonly Doom[] = [
      { step: 3, when: 'after' },
      { step: 2, when: 'before' },
    ];
    await expect(startDoomed(demoModelPath(), 128, both)).rejects.toMatchObject({ code: 'device-lost' });
  });
});
