import { z } from 'zod';

/** Body of `POST /tokenize`. */
export const TokenizeRequest = z.object({ text: z.string(), model_id: z.string().nullish() });
