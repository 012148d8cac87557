import { bestFirst } from './best-first.ts';
import type { Candidates } from './candidates.ts';
import { candidatesOf } from './candidates.ts';
import { dry } from './dry.ts';
import { logitBias } from './logit-bias.ts';
import { minP } from './min-p.ts';
import type { SamplerName, SamplingParams } from './params.ts';
import { penalties } from './penalties.ts';
import { softmax } from './softmax.ts';
import { dynamicTemperature } from './temperature.ts';
import { topK } from './top-k.ts';
import { topNSigma } from './top-n-sigma.ts';
import { topP } from './top-p.ts';
import { typical } from './typical.ts';
import { xtc } from './xtc.ts';

/** What samplers may look at besides the logits. */
export interface ChainContext {
  /** Ids of the prompt and of what was generated, newest last. */
  readonly history: ArrayLike<number>;
  /** 0..1, random: XTC's coin. */
  readonly coin: number;
  /** Tokens at which DRY starts anew (`breakerIdsOf`). */
  readonly breakerIds: ReadonlySet<number>;
}

type Step = (candidates: Candidates, params: SamplingParams, context: ChainContext) => Candidates;

/** Each name's sampler, given its own fields of the parameters. */
const steps: Readonly<Record<SamplerName, Step>> = {
  penalties: (c, p, { history }) =>
    penalties(c, history, {
      lastN: p.penaltyLastN,
      repetition: p.repetitionPenalty,
      presence: p.presencePenalty,
      frequency: p.frequencyPenalty,
    }),
  dry: (c, p, { history, breakerIds }) =>
    dry(c, history, {
      multiplier: p.dryMultiplier,
      base: p.dryBase,
      allowedLength: p.dryAllowedLength,
      lastN: p.dryPenaltyLastN,
      breakerIds,
    }),
  'top-n-sigma': (c, p) => topNSigma(c, p.topNSigma),
  'top-k': (c, p) => topK(c, p.topK, p.minKeep),
  typical: (c, p) => typical(c, p.typicalP, p.minKeep),
  'top-p': (c, p) => topP(c, p.topP, p.minKeep),
  'min-p': (c, p) => minP(c, p.minP, p.minKeep),
  xtc: (c, p, { coin }) =>
    xtc(c, { probability: p.xtcProbability, threshold: p.xtcThreshold, minKeep: p.minKeep }, coin),
  temperature: (c, p) => dynamicTemperature(c, p.temperature, p.dynatempRange, p.dynatempExponent),
};

const noBreakers: ReadonlySet<number> = new Set();

/**
 * Runs the chain: logit bias, then the samplers in their order.
 *
 * @param names which samplers; default: those of the parameters
 */
export function applyChain(
  candidates: Candidates,
  params: SamplingParams,
  context: ChainContext,
  names = params.samplers,
): Candidates {
  return names.reduce((left, name) => steps[name](left, params, context), logitBias(candidates, params.logitBias));
}

/** What the chain leaves of these logits: [id, probability], best first. Probabilities sum to 1. */
export function distributionOf(
  logits: Float32Array,
  params: SamplingParams,
  context: Partial<ChainContext> = {},
): [number, number][] {
  const left = bestFirst(
    applyChain(candidatesOf(logits), params, { history: [], coin: 0, breakerIds: noBreakers, ...context }),
  );
  const p = softmax(left.logits);
  return Array.from(left.ids, (id, i): [number, number] => [id, p[i]!]).filter((_, i) => left.logits[i]! > -Infinity);
}
