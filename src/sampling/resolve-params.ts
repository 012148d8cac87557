import { RealizarError } from '../errors.ts';
import type { SamplerName, SamplingParams } from './params.ts';

/** llama.cpp's order. */
export const defaultSamplers: readonly SamplerName[] = [
  'penalties',
  'dry',
  'top-n-sigma',
  'top-k',
  'typical',
  'top-p',
  'min-p',
  'xtc',
  'temperature',
];

/** Draws from the model's own distribution: every sampler is off. */
export const neutralParams: SamplingParams = {
  temperature: 1,
  dynatempRange: 0,
  dynatempExponent: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  typicalP: 1,
  topNSigma: -1,
  xtcProbability: 0,
  xtcThreshold: 0.1,
  minKeep: 1,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  penaltyLastN: 64,
  dryMultiplier: 0,
  dryBase: 1.75,
  dryAllowedLength: 2,
  dryPenaltyLastN: -1,
  drySequenceBreakers: ['\n', ':', '"', '*'],
  mirostat: 0,
  mirostatTau: 5,
  mirostatEta: 0.1,
  logitBias: new Map(),
  samplers: defaultSamplers,
  seed: undefined,
  rng: 'counter',
};

/** The engine's defaults: llama.cpp's truncation, a slightly cool temperature. */
export const defaultParams: SamplingParams = { ...neutralParams, temperature: 0.7, topK: 40, topP: 0.95, minP: 0.05 };

/** No context is longer, so no count of tokens has a meaning beyond it. */
const MAX_TOKENS = 2 ** 31 - 1;
/** Far beyond any use; keeps products and powers of the parameters finite. */
const MAX_FACTOR = 1000;

/** Logits are within a few hundred. */
const MAX_BIAS = 1e6;

type NumberField = { [K in keyof SamplingParams]: SamplingParams[K] extends number ? K : never }[keyof SamplingParams];

/** Least and greatest value of every numeric field, and whether it counts something. */
const ranges: Readonly<Record<NumberField, readonly [least: number, greatest: number, kind?: 'whole']>> = {
  temperature: [0, MAX_FACTOR],
  dynatempRange: [0, MAX_FACTOR],
  dynatempExponent: [0, MAX_FACTOR],
  topK: [0, MAX_TOKENS, 'whole'],
  topP: [0, 1],
  minP: [0, 1],
  typicalP: [0, 1],
  topNSigma: [-1, MAX_FACTOR],
  xtcProbability: [0, 1],
  xtcThreshold: [0, 1],
  minKeep: [0, MAX_TOKENS, 'whole'],
  repetitionPenalty: [1 / MAX_FACTOR, MAX_FACTOR],
  presencePenalty: [-MAX_FACTOR, MAX_FACTOR],
  frequencyPenalty: [-MAX_FACTOR, MAX_FACTOR],
  penaltyLastN: [-1, MAX_TOKENS, 'whole'],
  dryMultiplier: [0, MAX_FACTOR],
  dryBase: [0, MAX_FACTOR],
  dryAllowedLength: [0, MAX_TOKENS, 'whole'],
  dryPenaltyLastN: [-1, MAX_TOKENS, 'whole'],
  mirostat: [0, 2, 'whole'],
  mirostatTau: [0, MAX_FACTOR],
  mirostatEta: [0, 1],
};

const MAX_SEED = 2n ** 64n - 1n;
/** Each costs a search through the vocabulary's texts. */
const MAX_BREAKERS = 64;

/**
 * Complete parameters from some: what is missing or undefined comes from `base`, and everything is checked.
 *
 * @param partial may carry other fields, which are left out
 * @throws RealizarError `invalid-argument`, naming the field
 */
export function resolveParams(
  partial: Partial<SamplingParams>,
  vocabSize: number,
  base: SamplingParams = defaultParams,
): SamplingParams {
  const given = Object.keys(base).filter((key) => partial[key as keyof SamplingParams] !== undefined);
  const params: SamplingParams = {
    ...base,
    ...Object.fromEntries(given.map((key) => [key, partial[key as keyof SamplingParams]])),
  };

  for (const [field, [least, greatest, kind]] of Object.entries(ranges) as [
    NumberField,
    (typeof ranges)[NumberField],
  ][]) {
    const value: unknown = params[field];
    const fits =
      typeof value === 'number' && value >= least && value <= greatest && (kind !== 'whole' || Number.isInteger(value));
    if (!fits)
      throw invalid(field, `must be a ${kind ?? ''} number from ${least} to ${greatest}`.replace('  ', ' '), value);
  }
  checkLogitBias(params.logitBias, vocabSize);
  checkNames(params);
  checkSeed(params.seed);
  return params;
}

function checkSeed(seed: unknown): void {
  if (seed === undefined || (Number.isSafeInteger(seed) && (seed as number) >= 0)) return;
  if (typeof seed === 'bigint' && seed >= 0n && seed <= MAX_SEED) return;
  throw invalid('seed', `must be a whole number from 0 to ${MAX_SEED}, from 2^53 on a bigint`, seed);
}

function checkLogitBias(bias: ReadonlyMap<number, number>, vocabSize: number): void {
  if (!(bias instanceof Map)) throw invalid('logitBias', 'must be a Map from token ids to numbers', bias);
  for (const [id, value] of bias) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize)
      throw invalid('logitBias', `names tokens from 0 to ${vocabSize - 1}`, id);
    const fits = value === -Infinity || (typeof value === 'number' && Math.abs(value) <= MAX_BIAS);
    if (!fits)
      throw invalid('logitBias', `of token ${id} must be from -${MAX_BIAS} to ${MAX_BIAS}, or -Infinity`, value);
  }
}

function checkNames({ samplers, rng, drySequenceBreakers }: SamplingParams): void {
  if (!Array.isArray(samplers)) throw invalid('samplers', 'must be a list', samplers);
  for (const name of samplers)
    if (!defaultSamplers.includes(name)) throw invalid('samplers', `are named ${defaultSamplers.join(', ')}`, name);
  if (samplers.length !== new Set(samplers).size)
    throw invalid('samplers', 'must name each sampler at most once', samplers);
  if (rng !== 'counter' && rng !== 'lcg') throw invalid('rng', "must be 'counter' or 'lcg'", rng);

  const breakers: unknown = drySequenceBreakers;
  const fits =
    Array.isArray(breakers) &&
    breakers.length <= MAX_BREAKERS &&
    breakers.every((text) => typeof text === 'string' && text !== '');
  if (!fits)
    throw invalid('drySequenceBreakers', `must be at most ${MAX_BREAKERS} texts, none of them empty`, breakers);
}

const MAX_SHOWN = 60;

function invalid(field: string, rule: string, value: unknown): RealizarError {
  const shown = (typeof value === 'string' ? `"${value}"` : String(value)).slice(0, MAX_SHOWN);
  return new RealizarError('invalid-argument', `${field} ${rule}, but is ${shown}`, { field });
}
