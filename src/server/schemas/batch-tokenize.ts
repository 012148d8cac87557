import { z } from 'zod';

/** Body of `POST /batch/tokenize`. */
export const BatchTokenizeRequest = z.object({ texts: z.array(z.string()), model_id: z.string().nullish() });
