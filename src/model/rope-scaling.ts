/** How a model's rotary frequencies are stretched beyond the context that it was first trained for. */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContext: number;
    }
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly originalContext: number;
      /** Pairs that turn more often than this in the original context keep their frequency. */
      readonly betaFast: number;
      /** Pairs that turn less often than this are interpolated in full. */
      readonly betaSlow: number;
      /** 1: yarn; 0: linear interpolation alone. */
      readonly extrapolation: number;
      /** Factor on cos and sin. */
      readonly magnitude: number;
    };

/** Radians per position of every rotary pair, and the factor on cos and sin. */
export interface RopeFrequencies {
  readonly frequencies: Float64Array;
  readonly magnitude: number;
}

/**
 * @param dimensions numbers of a head that are rotated; even
 * @param divisors   [dimensions / 2] of GGUF's `rope_freqs.weight`: llama3 scaling, already worked out by the converter
 */
export function ropeFrequencies(
  dimensions: number,
  theta: number,
  scaling?: RopeScaling,
  divisors?: ArrayLike<number>,
): RopeFrequencies {
  const base = Float64Array.from(
    { length: dimensions / 2 },
    (_, pair) => theta ** ((-2 * pair) / dimensions) / (divisors?.[pair] ?? 1),
  );
  if (scaling === undefined) return { frequencies: base, magnitude: 1 };
  if (scaling.type === 'linear') return { frequencies: base.map((f) => f / scaling.factor), magnitude: 1 };
  if (scaling.type === 'llama3') return { frequencies: base.map((f) => llama3(f, scaling)), magnitude: 1 };
  return { frequencies: yarn(base, dimensions, theta, scaling), magnitude: scaling.magnitude };
}

/** Interpolates slow pairs, keeps fast ones, and blends between. Grattafiori et al. 2024, arXiv:2407.21783, as in Meta's `apply_scaling`. */
function llama3(frequency: number, s: Extract<RopeScaling, { type: 'llama3' }>): number {
  const turns = (s.originalContext * frequency) / (2 * Math.PI);
  const keep = clamp((turns - s.lowFrequencyFactor) / (s.highFrequencyFactor - s.lowFrequencyFactor));
  return frequency * ((1 - keep) / s.factor + keep);
}

/** NTK by parts. Peng et al. 2023, arXiv:2309.00071, §3.2, with the whole-numbered borders that every implementation uses. */
function yarn(
  base: Float64Array,
  dimensions: number,
  theta: number,
  s: Extract<RopeScaling, { type: 'yarn' }>,
): Float64Array {
  const pairThatTurns = (turns: number) =>
    (dimensions * Math.log(s.originalContext / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const low = Math.max(0, Math.floor(pairThatTurns(s.betaFast)));
  const high = Math.min(dimensions - 1, Math.ceil(pairThatTurns(s.betaSlow)));
  return base.map((frequency, pair) => {
    const keep = (1 - clamp((pair - low) / Math.max(0.001, high - low))) * s.extrapolation;
    return (frequency / s.factor) * (1 - keep) + frequency * keep;
  });
}

/** Attention's temperature for a context stretched by `factor`. Peng et al. 2023, eq. 22. */
export const yarnMagnitude = (factor: number, multiplier = 1): number =>
  factor <= 1 ? 1 : 1 + 0.1 * multiplier * Math.log(factor);

const clamp = (x: number) => Math.min(1, Math.max(0, x));
