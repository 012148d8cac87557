import { z } from 'zod';
import { nativeSampling } from './native-sampling.ts';

/** Body of `POST /generate` and `POST /stream/generate`. */
export const GenerateRequest = z.object({ prompt: z.string(), ...nativeSampling });
