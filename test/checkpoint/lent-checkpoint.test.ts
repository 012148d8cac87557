import { expect, test } from 'vitest';
import { lentCheckpoint } from '../../src/checkpoint/lent-checkpoint.ts';
import { demoModelPath } from '../../src/index.ts';
import { openCheckpoint } from '../../src/open-checkpoint.node.ts';

test('a lent checkpoint reads like its lender’s, and closing it closes nothing', async () => {
  const checkpoint = await openCheckpoint(demoModelPath());
  const lent = lentCheckpoint(checkpoint);
  const norm = lent.tensors.get('output_norm.weight')!;
  const bytes = await lent.read(norm);
  expect(bytes).toEqual(await checkpoint.read(norm));
  expect(await lent.read(norm, 4, 12)).toEqual(bytes.subarray(4, 12));
  await lent.close();
  expect(await lent.read(norm)).toEqual(bytes);
  await checkpoint.close();
});

test('one that its lender has closed says what to do', async () => {
  const checkpoint = await openCheckpoint(demoModelPath());
  const lent = lentCheckpoint(checkpoint);
  await checkpoint.close();
  await expect(lent.read(lent.tensors.get('output_norm.weight')!)).rejects.toThrow(
    expect.objectContaining({ code: 'device-lost', message: expect.stringMatching(/demo.*keep a checkpoint open/) }),
  );
});
