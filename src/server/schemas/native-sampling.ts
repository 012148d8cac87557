import { z } from 'zod';

const MAX_U64 = 2n ** 64n - 1n;

/**
 * An unsigned 64-bit number: as a JSON number with all its digits, or as a string of digits. Seeds above 2^53 keep their
 * digits in both forms, because the body's reader turns such a `seed` into a bigint.
 */
export const unsigned64 = z
  .union([z.int().min(0), z.bigint().min(0n), z.string().regex(/^\d{1,20}$/)], 'expected an integer from 0 to 2^64 - 1')
  .transform(BigInt)
  .refine((value) => value <= MAX_U64, 'expected an integer from 0 to 2^64 - 1');

/** How many prompts one request may hold: as many as the server runs at once by default. */
export const MAX_BATCH = 256;

/** What the native generation routes share. Whether a value makes sense depends on the strategy: see native-generation.ts. */
export const nativeSampling = {
  max_tokens: z.int().min(0).default(50),
  temperature: z.number().default(1),
  strategy: z.string().default('greedy'),
  top_k: z.int().min(0).default(50),
  top_p: z.number().default(0.9),
  seed: unsigned64.nullish(),
  model_id: z.string().nullish(),
};
