import type { AttentionOptions, Rope } from '../backend/backend.ts';

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

/** What the attention ops of every layer are told. */
export const attentionOptions = (c: ModelConfig): AttentionOptions => ({
  numHeads: c.numHeads,
  numKvHeads: c.numKvHeads,
  headDim: c.headDim,
  scale: c.headDim ** -0.5,
  rope: c.rope,
  normEps: c.normEps,
  slidingWindow: c.slidingWindow,
});
