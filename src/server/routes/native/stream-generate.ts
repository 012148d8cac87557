import { Hono } from 'hono';
import type { Tokenizer } from '../../../tokenizer/tokenizer.ts';
import { nativeErrorBody } from '../../error-response.ts';
import { sseFrame } from '../../event-stream.ts';
import { readRequest } from '../../request-body.ts';
import { GenerateRequest } from '../../schemas/generate.ts';
import { withModel, type Services, type TokenEvent } from '../../work.ts';
import { encodePrompt, startNative, type NativeGeneration } from './native-generation.ts';

/** POST /stream/generate: server-sent events, `token` for each new token as it is made, then one `done`; the prompt is not repeated. */
export const streamGenerate = (services: Services): Hono =>
  new Hono().post('/stream/generate', async (c) => {
    const request = await readRequest(c, GenerateRequest);
    return await withModel(c, services, { modelId: request.model_id }, async (work) => {
      const generation = startNative(work, encodePrompt(work, request.prompt, 'Prompt cannot be empty'), request);
      return work.stream(frames(generation, work.engine.tokenizer), (error) =>
        sseFrame(nativeErrorBody(error), 'error'),
      );
    });
  });

const tokenFrame = ({ tokenId, text }: TokenEvent): string => sseFrame({ token_id: tokenId, text }, 'token');

/**
 * A token that ends inside a character waits for its successor: should it be the last one, the text that the generation
 * flushes at its end becomes its own, so that the texts of all token events are the whole text.
 */
async function* frames({ events }: NativeGeneration, tokenizer: Tokenizer): AsyncGenerator<string> {
  let generated = 0;
  let waiting: TokenEvent | undefined;
  for await (const event of events) {
    if (waiting) yield tokenFrame(event.type === 'finish' ? { ...waiting, text: waiting.text + event.text } : waiting);
    waiting = undefined;
    if (event.type === 'finish') continue;
    generated += 1;
    if (endsInsideCharacter(event, tokenizer)) waiting = event;
    else yield tokenFrame(event);
  }
  yield sseFrame({ num_generated: generated }, 'done');
}

/** Whether the token's last byte is missing from its text. */
function endsInsideCharacter({ tokenId, text }: TokenEvent, tokenizer: Tokenizer): boolean {
  const bytes = tokenizer.bytesOf(tokenId);
  return bytes.length > 0 && new TextEncoder().encode(text).at(-1) !== bytes.at(-1);
}
