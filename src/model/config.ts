import type { Rope } from '../backend/backend.ts';

/** The shape of a decoder-only transformer. Names are those of Hugging Face's config.json, camelCased. */
export interface ModelConfig {
  readonly architecture: string;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  /** Positions the model was trained for. */
  readonly contextLength: number;
  readonly normEps: number;
  readonly rope: Rope;
  readonly slidingWindow?: number | undefined;
}
