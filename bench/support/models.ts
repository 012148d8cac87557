import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { randomModel } from './random-model.ts';

/** The models that benchmarks run. Those with random weights are written when they are first asked for. */
export const models = {
  /** TinyLlama-1.1B's shape. */
  q4_0: () => randomModel('tinyllama', 'q4_0'),
  q8_0: () => randomModel('tinyllama', 'q8_0'),
  q4_k_m: () => randomModel('tinyllama', 'q4_k_m'),
  /** SmolLM2-135M-Instruct Q8_0, real weights; CONTRIBUTING.md says how it is derived. */
  smollm2: () => resolve(import.meta.dirname, '../../.cache/models/SmolLM2-135M-Instruct.Q8_0.gguf'),
} as const;

export type ModelName = keyof typeof models;

export async function readIntoPageCache(path: string): Promise<void> {
  for await (const _ of createReadStream(path, { highWaterMark: 8 * 2 ** 20 }));
}
