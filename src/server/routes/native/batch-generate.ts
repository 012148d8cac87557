import { Hono } from 'hono';
import { readRequest } from '../../request-body.ts';
import { RequestError } from '../../request-error.ts';
import { BatchGenerateRequest } from '../../schemas/batch-generate.ts';
import { MAX_BATCH } from '../../schemas/native-sampling.ts';
import { withModel, type Services } from '../../work.ts';
import { encodePrompt, nativeResult, samplingOf, startNative } from './native-generation.ts';

/** POST /batch/generate: all prompts run as one batch; each result equals `/generate` of its prompt. One bad prompt fails all. */
export const batchGenerate = (services: Services): Hono =>
  new Hono().post('/batch/generate', async (c) => {
    const request = await readRequest(c, BatchGenerateRequest);
    const { prompts } = request;
    if (prompts.length === 0) throw new RequestError(400, 'Prompts array cannot be empty', { param: 'prompts' });
    if (prompts.length > MAX_BATCH)
      throw new RequestError(400, `Prompts array cannot hold more than ${MAX_BATCH} prompts`, { param: 'prompts' });
    samplingOf(request);

    return await withModel(c, services, { modelId: request.model_id, places: prompts.length }, async (work) => {
      const encoded = prompts.map((prompt) =>
        encodePrompt(work, prompt, `Prompt '${prompt.slice(0, 100)}' tokenizes to empty sequence`),
      );
      const running = encoded.map((promptTokenIds) => startNative(work, promptTokenIds, request));
      return c.json({ results: await Promise.all(running.map((generation) => nativeResult(work.engine, generation))) });
    });
  });
