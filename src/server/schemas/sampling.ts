import { z } from 'zod';
import type { GenerateOptions } from '../../engine/events.ts';
import type { EngineApi } from '../../engine/engine-api.ts';
import { RequestError } from '../request-error.ts';

/** llama.cpp's names of the samplers, in requests. */
const samplerNames = {
  penalties: 'penalties', dry: 'dry', top_n_sigma: 'top-n-sigma', top_k: 'top-k', typ_p: 'typical', typical_p: 'typical',
  top_p: 'top-p', min_p: 'min-p', xtc: 'xtc', temperature: 'temperature',
} as const;

const MAX_LOGIT_BIASES = 1024;
const MAX_STOPS = 16;
const MAX_STOP_LENGTH = 256;
const MAX_WINDOW = 1_000_000;

const stopString = z.string().min(1).max(MAX_STOP_LENGTH);
const fraction = z.number().min(0).max(1);
const seed = z
  .union([z.int(), z.bigint().min(-(2n ** 63n)).max(2n ** 64n - 1n), z.string().regex(/^-?\d{1,19}$/)], 'expected a 64-bit integer')
  .transform((value) => BigInt.asUintN(64, BigInt(value)));

/**
 * The sampling fields that OpenAI's dialect and its kin share: OpenAI's own, and llama.cpp's extensions under llama.cpp's
 * names. What a request leaves out is neutral: it changes nothing.
 */
export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish().transform((value) => value ?? 1),
  top_p: fraction.nullish().transform((value) => value ?? 1),
  presence_penalty: z.number().min(-2).max(2).nullish().transform((value) => value ?? 0),
  frequency_penalty: z.number().min(-2).max(2).nullish().transform((value) => value ?? 0),
  logit_bias: z.record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100)).nullish(),
  seed: seed.nullish(),
  stop: z.union([stopString, z.array(stopString).max(MAX_STOPS)], `expected a text or at most ${MAX_STOPS} texts of 1 to ${MAX_STOP_LENGTH} characters`).nullish(),

  top_k: z.int().min(0).max(MAX_WINDOW).default(0),
  min_p: fraction.default(0),
  typical_p: fraction.default(1),
  top_n_sigma: z.number().min(-1).max(100).default(-1),
  repeat_penalty: z.number().min(0.01).max(100).optional(),
  /** vLLM's name for `repeat_penalty`. */
  repetition_penalty: z.number().min(0.01).max(100).optional(),
  repeat_last_n: z.int().min(-1).max(MAX_WINDOW).default(64),
  xtc_probability: fraction.default(0),
  xtc_threshold: fraction.default(0.1),
  dry_multiplier: z.number().min(0).max(100).default(0),
  dry_base: z.number().min(1).max(100).default(1.75),
  dry_allowed_length: z.int().min(0).max(MAX_WINDOW).default(2),
  dry_penalty_last_n: z.int().min(-1).max(MAX_WINDOW).default(-1),
  dry_sequence_breakers: z.array(stopString).max(MAX_STOPS).optional(),
  dynatemp_range: z.number().min(0).max(2).default(0),
  dynatemp_exponent: z.number().min(0).max(10).default(1),
  mirostat: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
  mirostat_tau: z.number().min(0).max(100).default(5),
  mirostat_eta: fraction.default(0.1),
  min_keep: z.int().min(0).max(MAX_WINDOW).default(0),
  samplers: z.array(z.enum(Object.keys(samplerNames) as (keyof typeof samplerNames)[])).max(20).optional(),
  ignore_eos: z.boolean().default(false),
};

const samplingSchema = z.object(samplingFields);
export type SamplingFields = z.output<typeof samplingSchema>;

/**
 * Snake case ends here.
 * @throws RequestError 400 for a biased token outside the vocabulary, or for too many
 */
export function samplingParamsOf(request: SamplingFields, engine: EngineApi): GenerateOptions {
  return {
    temperature: request.temperature,
    topP: request.top_p,
    topK: request.top_k,
    minP: request.min_p,
    typicalP: request.typical_p,
    topNSigma: request.top_n_sigma,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    repetitionPenalty: request.repeat_penalty ?? request.repetition_penalty ?? 1,
    penaltyLastN: request.repeat_last_n,
    xtcProbability: request.xtc_probability,
    xtcThreshold: request.xtc_threshold,
    dryMultiplier: request.dry_multiplier,
    dryBase: request.dry_base,
    dryAllowedLength: request.dry_allowed_length,
    dryPenaltyLastN: request.dry_penalty_last_n,
    ...(request.dry_sequence_breakers && { drySequenceBreakers: request.dry_sequence_breakers }),
    dynatempRange: request.dynatemp_range,
    dynatempExponent: request.dynatemp_exponent,
    mirostat: request.mirostat,
    mirostatTau: request.mirostat_tau,
    mirostatEta: request.mirostat_eta,
    minKeep: request.min_keep,
    ...(request.samplers && { samplers: request.samplers.map((name) => samplerNames[name]) }),
    logitBias: logitBiasOf(request.logit_bias ?? {}, engine.tokenizer.vocabSize),
    ...(request.seed !== null && { seed: request.seed }),
    stop: typeof request.stop === 'string' ? [request.stop] : (request.stop ?? []),
    ignoreEos: request.ignore_eos,
  };
}

function logitBiasOf(biases: Readonly<Record<string, number>>, vocabSize: number): Map<number, number> {
  const entries = Object.entries(biases);
  const refuse = (message: string): never => {
    throw new RequestError(400, `logit_bias: ${message}`, { code: 'invalid_value', param: 'logit_bias' });
  };
  if (entries.length > MAX_LOGIT_BIASES) refuse(`at most ${MAX_LOGIT_BIASES} tokens can be biased`);
  const bias = new Map<number, number>();
  for (const [token, value] of entries) {
    if (Number(token) >= vocabSize) refuse(`token ${token} is not in the vocabulary of ${vocabSize} tokens`);
    bias.set(Number(token), value === -100 ? -Infinity : value); // -100 is OpenAI's way to forbid a token
  }
  return bias;
}
