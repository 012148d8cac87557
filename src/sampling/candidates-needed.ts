import type { SamplerName, SamplingParams } from './params.ts';

/** More of the best logits than this are no cheaper to choose on the device than all logits are to copy. */
export const MAX_NEEDED = 256;

/** Whether a sampler hands on what it was given, bit for bit, whatever the logits. */
const isOff: Readonly<Record<SamplerName, (params: SamplingParams) => boolean>> = {
  penalties: (p) =>
    p.penaltyLastN === 0 || (p.repetitionPenalty === 1 && p.presencePenalty === 0 && p.frequencyPenalty === 0),
  dry: (p) => p.dryMultiplier === 0 || p.dryBase < 1,
  'top-n-sigma': (p) => p.topNSigma <= 0,
  'top-k': (p) => p.topK <= 0,
  typical: (p) => p.typicalP >= 1,
  'top-p': (p) => p.topP >= 1,
  'min-p': (p) => p.minP <= 0,
  xtc: (p) => p.xtcProbability <= 0,
  temperature: (p) => p.temperature === 1 && p.dynatempRange <= 0,
};

/** Samplers that drop nothing: all that greedy and mirostat leave of a chain. */
const keepsAll: ReadonlySet<SamplerName> = new Set<SamplerName>(['penalties', 'dry', 'temperature']);

/** The samplers that run under these parameters, in their order. */
export function activeSamplers(params: SamplingParams): readonly SamplerName[] {
  const truncates = params.temperature > 0 && params.mirostat === 0;
  return params.samplers.filter((name) => truncates || keepsAll.has(name));
}

/**
 * How many of the largest logits decide the token: a sampler that is given them alone, best first and of equals the lower id
 * first, chooses what it would choose of all. Undefined: it has to see all logits.
 *
 * Greedy decoding needs one, unless something changes logits before. A chain needs what its top-k keeps, if nothing runs
 * before that: top-k, too, prefers the lower id of equals.
 */
export function candidatesNeeded(params: SamplingParams): number | undefined {
  if (params.logitBias.size > 0) return undefined;
  const first = activeSamplers(params).find((name) => !isOff[name](params));
  if (params.temperature === 0) {
    // Temperature 0 keeps the best; one that depends on the entropy divides, and rounding may make equals of two logits.
    return first === undefined || (first === 'temperature' && params.dynatempRange <= 0) ? 1 : undefined;
  }
  const needed = Math.max(params.topK, params.minKeep);
  return params.mirostat === 0 && first === 'top-k' && needed <= MAX_NEEDED ? needed : undefined;
}
