import { RealizarError } from '../errors.ts';
import { MAX_CANDIDATES } from './best-first.ts';
import { allIds, candidatesOf, type Candidates } from './candidates.ts';
import { activeSamplers, candidatesNeeded } from './candidates-needed.ts';
import { applyChain } from './chain.ts';
import { draw } from './draw.ts';
import { greedy } from './greedy.ts';
import { mirostat1, mirostat2 } from './mirostat.ts';
import type { SamplingParams } from './params.ts';
import { counterRng, lcgRng } from './rng.ts';
import { maximum, softmax } from './softmax.ts';

/** Chooses one token after another for one sequence. */
export interface Sampler {
  /** How many of the best candidates `sample` has to be given; undefined: it needs all logits. */
  readonly needed: number | undefined;
  /**
   * The next token.
   *
   * Its random number depends on the seed and on how many tokens were sampled before, and on nothing else.
   *
   * @param logits  [vocab]; or at least `needed` of the best candidates, sorted, of equals the lower id first. Not changed
   * @param history ids of the prompt and of what was generated, newest last
   * @throws RealizarError `bad-value` where a logit is NaN or +Infinity; `invalid-argument` where every token is forbidden
   */
  sample(logits: Float32Array | Candidates, history: ArrayLike<number>): number;
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
  const seed = params.seed === undefined ? undefined : BigInt(params.seed);
  const rng = params.rng === 'lcg' ? lcgRng(seed) : counterRng(seed ?? freshSeed());
  const breakerIds = options.breakerIds ?? new Set<number>();
  const mode = params.temperature === 0 ? 'greedy' : params.mirostat === 0 ? 'chain' : 'mirostat';
  const names = activeSamplers(params);
  let ids: Int32Array | undefined; // made when it is needed: samplers also wait in queues
  let position = 0;
  let mu = 2 * params.mirostatTau;

  const candidates = (logits: Float32Array | Candidates): Candidates => {
    if (!(logits instanceof Float32Array)) return checkBest(logits);
    checkLogits(logits, vocabSize);
    return candidatesOf(logits, (ids ??= allIds(vocabSize)));
  };

  return {
    needed: candidatesNeeded(params),
    sample(logits, history) {
      const given = candidates(logits);
      const context = { history, breakerIds, coin: params.xtcProbability > 0 ? rng.at(position, 1) : 1 };
      const left = applyChain(given, params, context, names);
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

/** A NaN would make every comparison false and some token win by its place. */
function checkLogits(logits: Float32Array, vocabSize: number): void {
  if (logits.length !== vocabSize) {
    throw new RealizarError('invalid-argument', `Got ${logits.length} logits for a vocabulary of ${vocabSize}`, {
      field: 'logits',
    });
  }
  for (let id = 0; id < vocabSize; id++) if (!(logits[id]! < Infinity)) throw badLogit(id, logits[id]!);
}

/** What is no number, and infinity, comes first. */
function checkBest(best: Candidates): Candidates {
  if (!(best.logits[0]! < Infinity)) throw badLogit(best.ids[0]!, best.logits[0]!);
  return best;
}

const badLogit = (id: number, logit: number) =>
  new RealizarError(
    'bad-value',
    `The logit of token ${id} is ${logit}: the model's weights or the backend are damaged`,
    { field: 'logits' },
  );

const freshSeed = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0]!;
