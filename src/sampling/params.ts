export type SamplerName =
  | 'penalties'
  | 'dry'
  | 'top-n-sigma'
  | 'top-k'
  | 'typical'
  | 'top-p'
  | 'min-p'
  | 'xtc'
  | 'temperature';

/** How the next token is chosen. Every field has its neutral value in `neutralParams`, and `defaultParams` are the engine's. */
export interface SamplingParams {
  /** 0: greedy. */
  readonly temperature: number;
  /** Entropy-based temperature: temperature ± range; 0 is off. */
  readonly dynatempRange: number;
  readonly dynatempExponent: number;
  /** 0: off */
  readonly topK: number;
  /** 1: off */
  readonly topP: number;
  /** 0: off */
  readonly minP: number;
  /** 1: off */
  readonly typicalP: number;
  /** -1: off */
  readonly topNSigma: number;
  /** 0: off */
  readonly xtcProbability: number;
  readonly xtcThreshold: number;
  /** Truncating samplers keep at least so many. */
  readonly minKeep: number;
  /** 1: off */
  readonly repetitionPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** How many of the latest tokens the penalties see; -1: all, 0: off. */
  readonly penaltyLastN: number;
  /** 0: off */
  readonly dryMultiplier: number;
  readonly dryBase: number;
  readonly dryAllowedLength: number;
  readonly dryPenaltyLastN: number;
  /** Strings at which DRY starts anew. */
  readonly drySequenceBreakers: readonly string[];
  /** 0 off, 1, or 2; replaces the truncating samplers. */
  readonly mirostat: 0 | 1 | 2;
  readonly mirostatTau: number;
  readonly mirostatEta: number;
  /** Added to the logit of a token id; -Infinity forbids it. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** The chain, in order. Logit bias comes before it, the draw after it. */
  readonly samplers: readonly SamplerName[];
  /** 0 to 2^64-1, from 2^53 on a bigint; undefined: a fresh one for each generation. */
  readonly seed: bigint | number | undefined;
  /** `counter`: position-addressed, the engine's own. `lcg`: the Rust realizar's, for its routes. */
  readonly rng: 'counter' | 'lcg';
}
