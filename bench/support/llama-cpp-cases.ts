import { models, type ModelName } from './models.ts';

/** A measurement beside llama.cpp. Models are written when they are first needed. */
export interface Case {
  readonly name: string;
  readonly model: () => string;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** Which of the figures the case is about. */
  readonly measures: 'decode' | 'prefill' | 'first-token';
}

const decode = (model: ModelName, promptTokens = 32, name = `decode-${model}`): Case => ({
  name,
  model: models[model],
  promptTokens,
  generatedTokens: model === 'smollm2' ? 192 : 64,
  measures: 'decode',
});
const prefill = (model: ModelName, promptTokens: number): Case => ({
  name: `prefill-${promptTokens}-${model}`,
  model: models[model],
  promptTokens,
  generatedTokens: 1,
  measures: 'prefill',
});

export const llamaCppCases: readonly Case[] = [
  decode('q4_0'),
  decode('q8_0'),
  decode('smollm2'),
  decode('q4_0', 1024, 'decode-1024-q4_0'),
  decode('q8_0', 1024, 'decode-1024-q8_0'),
  ...(['q4_0', 'q8_0', 'smollm2'] as const).flatMap((model) => [prefill(model, 256), prefill(model, 512)]),
  decode('q4_k_m'),
  { name: 'load-q8_0', model: models.q8_0, promptTokens: 8, generatedTokens: 1, measures: 'first-token' },
];
