import { Hono } from 'hono';
import type { Services } from '../../work.ts';

/** GET /models: what `model_id` may name, and what is in memory now. */
export const models = ({ models: served }: Services): Hono =>
  new Hono().get('/models', (c) =>
    c.json({
      models: served.list().map(({ id, name = id, description = '', format = 'gguf', loaded }) => ({
        id,
        name,
        description,
        format,
        loaded,
      })),
    }),
  );
