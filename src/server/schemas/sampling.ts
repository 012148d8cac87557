import { z } from 'zod';
import type { GenerateOptions } from '../../engine/events.ts';
import type { EngineApi } from '../../engine/engine-api.ts';
import { neutralParams } from '../../sampling/index.ts';
import { RequestError } from '../request-error.ts';

/** llama.cpp's names of the samplers, in requests. */
const samplerNames = {
  penalties: 'penalties',
  dry: 'dry',
  top_n_sigma: 'top-n-sigma',
  top_k: 'top-k',
  typ_p: 'typical',
  typical_p: 'typical',
  top_p: 'top-p',
  min_p: 'min-p',
  xtc: 'xtc',
  temperature: 'temperature',
} as const;

const MAX_LOGIT_BIASES = 1024;
const MAX_STOPS = 16;
const MAX_STOP_LENGTH = 256;
const MAX_WINDOW = 1_000_000;

const stopString = z.string().min(1).max(MAX_STOP_LENGTH);
const fraction = z.number().min(0).max(1);
const seed = z
  .union(
    [
      z.int(),
      z
        .bigint()
        .min(-(2n ** 63n))
        .max(2n ** 64n - 1n),
      z.string().regex(/^-?\d{1,19}$/),
    ],
    'expected a 64-bit integer',
  )
  .transform((value) => BigInt.asUintN(64, BigInt(value)));

/**
 * The sampling fields that OpenAI's dialect and its kin share: OpenAI's own, and llama.cpp's extensions under llama.cpp's
 * names. What a request leaves out, or sets to null, is neutral: it changes nothing.
 */
export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: fraction.nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100)).nullish(),
  seed: seed.nullish(),
  stop: z
    .union(
      [stopString, z.array(stopString).max(MAX_STOPS)],
      `expected a text or at most ${MAX_STOPS} texts of 1 to ${MAX_STOP_LENGTH} characters`,
    )
    .nullish(),

  top_k: z.int().min(0).max(MAX_WINDOW).nullish(),
  min_p: fraction.nullish(),
  typical_p: fraction.nullish(),
  top_n_sigma: z.number().min(-1).max(100).nullish(),
  repeat_penalty: z.number().min(0.01).max(100).nullish(),
  /** vLLM's name for `repeat_penalty`. */
  repetition_penalty: z.number().min(0.01).max(100).nullish(),
  repeat_last_n: z.int().min(-1).max(MAX_WINDOW).nullish(),
  xtc_probability: fraction.nullish(),
  xtc_threshold: fraction.nullish(),
  dry_multiplier: z.number().min(0).max(100).nullish(),
  dry_base: z.number().min(1).max(100).nullish(),
  dry_allowed_length: z.int().min(0).max(MAX_WINDOW).nullish(),
  dry_penalty_last_n: z.int().min(-1).max(MAX_WINDOW).nullish(),
  dry_sequence_breakers: z.array(stopString).max(MAX_STOPS).nullish(),
  dynatemp_range: z.number().min(0).max(2).nullish(),
  dynatemp_exponent: z.number().min(0).max(10).nullish(),
  mirostat: z.union([z.literal(0), z.literal(1), z.literal(2)]).nullish(),
  mirostat_tau: z.number().min(0).max(100).nullish(),
  mirostat_eta: fraction.nullish(),
  min_keep: z.int().min(0).max(MAX_WINDOW).nullish(),
  samplers: z
    .array(z.enum(Object.keys(samplerNames) as (keyof typeof samplerNames)[]))
    .max(20)
    .nullish(),
  ignore_eos: z.boolean().nullish(),
};

const samplingSchema = z.object(samplingFields);
export type SamplingFields = z.output<typeof samplingSchema>;

/** Snake case ends here: the fields that only change their name. */
const paramOf = {
  temperature: 'temperature',
  top_p: 'topP',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
  seed: 'seed',
  top_k: 'topK',
  min_p: 'minP',
  typical_p: 'typicalP',
  top_n_sigma: 'topNSigma',
  repetition_penalty: 'repetitionPenalty',
  repeat_penalty: 'repetitionPenalty',
  repeat_last_n: 'penaltyLastN',
  xtc_probability: 'xtcProbability',
  xtc_threshold: 'xtcThreshold',
  dry_multiplier: 'dryMultiplier',
  dry_base: 'dryBase',
  dry_allowed_length: 'dryAllowedLength',
  dry_penalty_last_n: 'dryPenaltyLastN',
  dry_sequence_breakers: 'drySequenceBreakers',
  dynatemp_range: 'dynatempRange',
  dynatemp_exponent: 'dynatempExponent',
  mirostat: 'mirostat',
  mirostat_tau: 'mirostatTau',
  mirostat_eta: 'mirostatEta',
  min_keep: 'minKeep',
  ignore_eos: 'ignoreEos',
} as const satisfies Partial<Record<keyof SamplingFields, keyof GenerateOptions>>;

/**
 * The engine's parameters for a request.
 * @throws RequestError 400 for a biased token outside the vocabulary, or for too many
 */
export function samplingParamsOf(request: SamplingFields, engine: EngineApi): GenerateOptions {
  const given = Object.entries(paramOf).flatMap(([field, param]) => {
    const value = request[field as keyof typeof paramOf];
    return value === undefined || value === null ? [] : [[param, value]];
  });
  return {
    ...neutralParams,
    ...(Object.fromEntries(given) as GenerateOptions),
    ...(request.samplers && { samplers: [...new Set(request.samplers.map((name) => samplerNames[name]))] }),
    logitBias: logitBiasOf(request.logit_bias ?? {}, engine.tokenizer.vocabSize),
    stop: typeof request.stop === 'string' ? [request.stop] : (request.stop ?? []),
  };
}

function logitBiasOf(biases: Readonly<Record<string, number>>, vocabSize: number): Map<number, number> {
  const entries = Object.entries(biases);
  if (entries.length > MAX_LOGIT_BIASES) throw badBias(`at most ${MAX_LOGIT_BIASES} tokens can be biased`);
  const bias = new Map<number, number>();
  for (const [token, value] of entries) {
    if (Number(token) >= vocabSize) throw badBias(`token ${token} is not in the vocabulary of ${vocabSize} tokens`);
    bias.set(Number(token), value === -100 ? -Infinity : value); // -100 is OpenAI's way to forbid a token
  }
  return bias;
}

const badBias = (message: string): RequestError =>
  new RequestError(400, `logit_bias: ${message}`, { code: 'invalid_value', param: 'logit_bias' });
