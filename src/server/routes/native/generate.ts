import { Hono } from 'hono';
import { readRequest } from '../../request-body.ts';
import { GenerateRequest } from '../../schemas/generate.ts';
import { withModel, type Services } from '../../work.ts';
import { encodePrompt, nativeResult, startNative } from './native-generation.ts';

/** POST /generate: continues a prompt. `token_ids` and `text` include the prompt. */
export const generate = (services: Services): Hono =>
  new Hono().post('/generate', async (c) => {
    const request = await readRequest(c, GenerateRequest);
    return await withModel(c, services, { modelId: request.model_id }, async (work) => {
      const promptTokenIds = encodePrompt(work, request.prompt, 'Prompt cannot be empty');
      return c.json(await nativeResult(work.engine, startNative(work, promptTokenIds, request)));
    });
  });
