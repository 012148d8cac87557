import { afterAll, expect, test } from 'vitest';
import { createReferenceBackend } from '../../src/backend/reference/reference-backend.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { planModel } from '../../src/model/load-model.ts';
import { describeWithInputs } from '../support/inputs.ts';
import { allLogits, ggufModels, kQuantModels, openTiny, relativeRms, tinyEngine, tinyIds, tinyLogits, tinyRoot } from './tiny-models.ts';

const models = [...ggufModels, ...kQuantModels];

describeWithInputs('tiny models of every kind', [tinyRoot], () => {
  test.each(models)('$name/$file has no tensor that its architecture leaves out', async (tiny) => {
    const checkpoint = await openTiny(tiny);
    expect((await planModel(checkpoint)).unused).toEqual([]);
    await checkpoint.close();
  });

  test.each(models)('$name/$file gives the exact logits', async (tiny) => {
    await using engine = await tinyEngine(tiny, createReferenceBackend());
    expect(relativeRms(await allLogits(engine, tinyIds(tiny)), tinyLogits(tiny))).toBeLessThan(1e-4);
  });
});
