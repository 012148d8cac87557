import { z } from 'zod';
import { nativeSampling } from './native-sampling.ts';

/** Body of `POST /batch/generate`: every prompt is sampled with the same parameters, from the same seed. */
export const BatchGenerateRequest = z.object({ prompts: z.array(z.string()), ...nativeSampling });
