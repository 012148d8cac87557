import { RealizarError } from '../errors.ts';
import { bestFirst, MAX_CANDIDATES } from './best-first.ts';
import type { Candidates } from './candidates.ts';
import { allIds, candidatesOf } from './candidates.ts';
import { draw } from './draw.ts';
import { dry } from './dry.ts';
import { greedy } from './greedy.ts';
import { logitBias } from './logit-bias.ts';
import { minP } from './min-p.ts';
import { mirostat1, mirostat2 } from './mirostat.ts';
import type { SamplerName, SamplingParams } from './params.ts';
import { penalties } from './penalties.ts';
import { counterRng, lcgRng } from './rng.ts';
import { maximum, softmax } from './softmax.ts';
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
 * Runs the chain: logit bias, then `params.samplers` in their order.
 *
 * @param logits [vocab]; not changed
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

/** Chooses one token after another for one sequence. */
export interface Sampler {
  /**
   * The next token.
   *
   * Its random number depends on the seed and on how many tokens were sampled before, and on nothing else.
   *
   * @param logits  [vocab]; not changed
   * @param history ids of the prompt and of what was generated, newest last
   * @throws RealizarError `bad-value` where a logit is NaN or +Infinity; `invalid-argument` where every token is forbidden
   */
  sample(logits: Float32Array, history: ArrayLike<number>): number;
}

export interface SamplerOptions {
  /** Tokens at which DRY starts anew (`breakerIdsOf`). Default: none. */
  readonly breakerIds?: ReadonlySet<number>;
}

/**
 * A sampler for one sequence.
 *
 * @param params complete ones, from `resolveParams`
 * @throws RealizarError `invalid-argument` for a vocabulary that is empty or too large
 */
export function createSampler(params: SamplingParams, vocabSize: number, options: SamplerOptions = {}): Sampler {
  if (!(vocabSize >= 1 && vocabSize <= MAX_CANDIDATES)) {
    throw new RealizarError(
      'invalid-argument',
      `A vocabulary of ${vocabSize} tokens cannot be sampled from (1 to ${MAX_CANDIDATES})`,
      { field: 'vocabSize' },
    );
  }
  const rng = params.rng === 'lcg' ? lcgRng(params.seed) : counterRng(params.seed ?? freshSeed());
  const breakerIds = options.breakerIds ?? noBreakers;
  const ids = allIds(vocabSize);
  const mode = params.temperature === 0 ? 'greedy' : params.mirostat === 0 ? 'chain' : 'mirostat';
  const names = params.samplers.filter((name) => mode === 'chain' || keepsAll.has(name));
  let position = 0;
  let mu = 2 * params.mirostatTau;

  return {
    sample(logits, history) {
      checkLogits(logits, vocabSize);
      const context = { history, breakerIds, coin: params.xtcProbability > 0 ? rng.at(position, 1) : 1 };
      const left = applyChain(candidatesOf(logits, ids), params, context, names);
      if (maximum(left.logits) === -Infinity)
        throw new RealizarError('invalid-argument', 'logitBias forbids every token', { field: 'logitBias' });

      if (mode === 'greedy') return left.ids[greedy(left.logits)]!;
      const random = rng.at(position++, 0);
      if (mode === 'chain') return left.ids[draw(softmax(left.logits), random)]!;
      const target = { tau: params.mirostatTau, eta: params.mirostatEta };
      const choice =
        params.mirostat === 1 ? mirostat1(left, mu, vocabSize, target, random) : mirostat2(left, mu, target, random);
      mu = choice.mu;
      return choice.tokenId;
    },
  };
}

/** Samplers that drop nothing: all that greedy and mirostat leave of a chain. */
const keepsAll: ReadonlySet<SamplerName> = new Set<SamplerName>(['penalties', 'dry', 'temperature']);

/** A NaN would make every comparison false and some token win by its place. */
function checkLogits(logits: Float32Array, vocabSize: number): void {
  if (logits.length !== vocabSize) {
    throw new RealizarError('invalid-argument', `Got ${logits.length} logits for a vocabulary of ${vocabSize}`, {
      field: 'logits',
    });
  }
  for (let id = 0; id < vocabSize; id++) {
    if (logits[id]! < Infinity) continue;
    throw new RealizarError(
      'bad-value',
      `The logit of token ${id} is ${logits[id]}: the model's weights or the backend are damaged`,
      { field: 'logits' },
    );
  }
}

const freshSeed = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0]!;
