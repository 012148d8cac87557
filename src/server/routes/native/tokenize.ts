import { Hono } from 'hono';
import { readRequest } from '../../request-body.ts';
import { TokenizeRequest } from '../../schemas/tokenize.ts';
import { withModel, type Services } from '../../work.ts';
import { tokensOf } from './native-generation.ts';

/** POST /tokenize: the ids of a text, as `/generate` would see them. Control tokens in it stay text. */
export const tokenize = (services: Services): Hono =>
  new Hono().post('/tokenize', async (c) => {
    const request = await readRequest(c, TokenizeRequest);
    return await withModel(c, services, { modelId: request.model_id }, async ({ engine }) => {
      const ids = tokensOf(engine, request.text);
      return c.json({ token_ids: ids, num_tokens: ids.length });
    });
  });
