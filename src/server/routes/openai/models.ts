import { Hono } from 'hono';
import type { Services } from '../../work.ts';

/** GET /v1/models and /v1/models/{id}; ids may contain slashes, encoded or not. @see https://platform.openai.com/docs/api-reference/models */
export function openAiModels({ models }: Services): Hono {
  const created = Math.floor(Date.now() / 1000);
  const describe = (id: string): object => ({ id, object: 'model', created, owned_by: 'realizar' });
  return new Hono()
    .get('/v1/models', (c) => c.json({ object: 'list', data: models.list().map(({ id }) => describe(id)) }))
    .get('/v1/models/:id{.+}', (c) => c.json(describe(models.resolve(c.req.param('id')))));
}
