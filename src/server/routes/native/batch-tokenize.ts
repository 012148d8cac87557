import { Hono } from 'hono';
import { readRequest } from '../../request-body.ts';
import { RequestError } from '../../request-error.ts';
import { BatchTokenizeRequest } from '../../schemas/batch-tokenize.ts';
import { withModel, type Services } from '../../work.ts';
import { tokensOf } from './native-generation.ts';

// After so many milliseconds of tokenizing, others get their turn on the event loop.
const TURN_MS = 10;

/** POST /batch/tokenize: `/tokenize` for many texts, results in their order. */
export const batchTokenize = (services: Services): Hono =>
  new Hono().post('/batch/tokenize', async (c) => {
    const request = await readRequest(c, BatchTokenizeRequest);
    if (request.texts.length === 0) throw new RequestError(400, 'Texts array cannot be empty', { param: 'texts' });
    return await withModel(c, services, { modelId: request.model_id }, async ({ engine }) => {
      const results = [];
      let turn = performance.now();
      for (const text of request.texts) {
        const ids = tokensOf(engine, text);
        results.push({ token_ids: ids, num_tokens: ids.length });
        if (performance.now() - turn < TURN_MS) continue;
        await new Promise((resolve) => setTimeout(resolve));
        turn = performance.now();
      }
      return c.json({ results });
    });
  });
