import { expect, test } from 'vitest';
import { openBackend } from '../../src/backend/open.ts';
import { planModel } from '../../src/model/load-model.ts';
import { describeWithInputs } from '../support/inputs.ts';
import {
  allLogits,
  folderModels,
  ggufModels,
  kQuantModels,
  openTiny,
  relativeRms,
  tinyEngine,
  tinyIds,
  tinyLogits,
  tinyRoot,
} from './tiny-models.ts';

const models = [...ggufModels, ...kQuantModels, ...folderModels];

describeWithInputs('tiny models of every kind', [tinyRoot], () => {
  test.each(models)('$name/$file has no tensor that its architecture leaves out', async (tiny) => {
    const checkpoint = await openTiny(tiny);
    expect((await planModel(checkpoint)).unused).toEqual([]);
    await checkpoint.close();
  });

  test.each(models)('$name/$file gives the exact logits on the reference backend', async (tiny) => {
    await using engine = await tinyEngine(tiny, await openBackend('reference'));
    expect(relativeRms(await allLogits(engine, tinyIds(tiny)), tinyLogits(tiny))).toBeLessThan(1e-4);
  });

  test.each([...ggufModels, ...folderModels])(
    '$name/$file, of plain numbers, gives the exact logits on wasm',
    async (tiny) => {
      await using engine = await tinyEngine(tiny, await openBackend('wasm', { threads: 1 }));
      expect(relativeRms(await allLogits(engine, tinyIds(tiny)), tinyLogits(tiny))).toBeLessThan(1e-4);
    },
  );

  test.each(kQuantModels)(
    '$file, whose activations are quantised too, stays near the exact logits on wasm',
    async (tiny) => {
      await using engine = await tinyEngine(tiny, await openBackend('wasm', { threads: 1 }));
      expect(relativeRms(await allLogits(engine, tinyIds(tiny)), tinyLogits(tiny))).toBeLessThan(0.05);
    },
  );
});
