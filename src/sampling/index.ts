/**
 * Logits in, token id out: the samplers of llama.cpp as pure functions, and the chain that joins them.
 *
 * ```ts
 * import { createSampler, resolveParams } from 'realizar/sampling';
 *
 * const logits = Float32Array.of(1, 4, 2, 3); // of a vocabulary of four tokens
 * const params = resolveParams({ temperature: 0.8, topK: 3, seed: 7n }, logits.length);
 * const sampler = createSampler(params, logits.length);
 *
 * const history = [0]; // the prompt
 * history.push(sampler.sample(logits, history)); // 1, 2 or 3: always the same for the same seed
 * ```
 *
 * @module
 */
export { applyChain, distributionOf } from './chain.ts';
export type { ChainContext } from './chain.ts';
export { candidatesOf, candidatesOfBest } from './candidates.ts';
export type { Candidates } from './candidates.ts';
export { breakerIdsOf } from './dry-breakers.ts';
export { logprobsOf } from './logprobs.ts';
export type { Logprobs } from './logprobs.ts';
export { defaultParams, defaultSamplers, neutralParams, resolveParams } from './resolve-params.ts';
export type { SamplerName, SamplingParams } from './params.ts';
export { createSampler } from './sampler.ts';
export type { Sampler, SamplerOptions } from './sampler.ts';
