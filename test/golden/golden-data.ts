import { readFileSync } from 'node:fs';
import { derivedModel, sharedPath } from '../support/inputs.ts';

/** One prompt, and what the exact arithmetic answers. */
export interface GoldenCase {
  readonly prompt: readonly number[];
  readonly continuation: readonly number[];
  readonly text: string;
  /** Five best [id, logit] of each step. */
  readonly top: readonly (readonly (readonly [id: number, logit: number])[])[];
}

export interface GoldenFormat {
  readonly path: string;
  readonly cases: Readonly<Record<string, GoldenCase>>;
  /** llama.cpp's own root mean square distance to the exact logits. */
  readonly llamaCppRms: number;
  /** Perplexity of the first `tokens` tokens of the text. */
  readonly perplexity: { readonly tokens: number; readonly exact: number };
}

interface Summary {
  readonly logitRms: number;
  readonly perplexity: GoldenFormat['perplexity'];
}

const root = 'reference/smollm2';

/** The models of the sweep, and the name of each one's golden figures: the folder holds the F16 file's weights. */
const files = {
  Q8_0: [derivedModel('SmolLM2-135M-Instruct.Q8_0.gguf'), 'Q8_0'],
  Q4_0: [derivedModel('SmolLM2-135M-Instruct.Q4_0.gguf'), 'Q4_0'],
  Q4_1: [sharedPath('models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf'), 'Q4_1'],
  F16: [derivedModel('SmolLM2-135M-Instruct.F16.gguf'), 'F16'],
  folder: [derivedModel('SmolLM2-135M-Instruct'), 'F16'],
} as const;

export type GoldenName = keyof typeof files;

export const goldenInputs = (name: GoldenName): string[] => [files[name][0], sharedPath(root)];

export function goldenFormat(name: GoldenName): GoldenFormat {
  const [path, figures] = files[name];
  const summary = (readJson('summary.json') as Record<string, Summary>)[figures]!;
  return {
    path,
    cases: readJson(`greedy.${figures}.json`) as GoldenFormat['cases'],
    llamaCppRms: summary.logitRms,
    perplexity: summary.perplexity,
  };
}

export const perplexityText = (): string => readFileSync(sharedPath(`${root}/perplexity.txt`), 'utf8');

const readJson = (file: string): unknown => JSON.parse(readFileSync(sharedPath(`${root}/${file}`), 'utf8'));
