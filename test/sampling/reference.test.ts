import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { distributionOf } from '../../src/sampling/chain.ts';
import type { SamplerName, SamplingParams } from '../../src/sampling/params.ts';
import { neutralParams, resolveParams } from '../../src/sampling/resolve-params.ts';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';

interface Step {
  readonly type: string;
  readonly [option: string]: unknown;
}
interface Case {
  readonly logits: number;
  readonly recent: number[];
  readonly samplers: Step[];
  readonly left: [number, number][];
}

const path = sharedPath('reference/sampling/cases.json');

/** llama.cpp's option names → ours. */
const optionNames: Record<string, Record<string, keyof SamplingParams>> = {
  top_k: { k: 'topK' },
  top_p: { p: 'topP', min_keep: 'minKeep' },
  min_p: { p: 'minP', min_keep: 'minKeep' },
  typical_p: { p: 'typicalP', min_keep: 'minKeep' },
  temperature: { t: 'temperature' },
  dynamic_temperature: { t: 'temperature', range: 'dynatempRange', exponent: 'dynatempExponent' },
  top_n_sigma: { n: 'topNSigma' },
  xtc: { threshold: 'xtcThreshold', min_keep: 'minKeep' },
  penalties: {
    last_n: 'penaltyLastN',
    repeat: 'repetitionPenalty',
    frequency: 'frequencyPenalty',
    presence: 'presencePenalty',
  },
  dry: { multiplier: 'dryMultiplier', base: 'dryBase', allowed_length: 'dryAllowedLength', last_n: 'dryPenaltyLastN' },
};
const samplerNames: Record<string, SamplerName> = { typical_p: 'typical', dynamic_temperature: 'temperature' };

function paramsOf(steps: readonly Step[], vocabSize: number): SamplingParams {
  const given: Record<string, unknown> = { minKeep: 0, xtcProbability: 1, drySequenceBreakers: [] };
  const samplers: SamplerName[] = [];
  for (const { type, ...options } of steps) {
    if (type === 'logit_bias') given['logitBias'] = new Map(options['bias'] as [number, number][]);
    else samplers.push(samplerNames[type] ?? (type.replaceAll('_', '-') as SamplerName));
    for (const [name, ours] of Object.entries(optionNames[type] ?? {})) given[ours] = options[name];
  }
  return resolveParams({ ...given, samplers }, vocabSize, neutralParams);
}

describeWithInputs('samplers against llama.cpp', [path], () => {
  const { logits: inputs, cases } = JSON.parse(readFileSync(path, 'utf8')) as { logits: number[][]; cases: Case[] };
  const numbered = cases.map((c, i) => [`${i} ${c.samplers.map((step) => step.type).join(' → ')}`, c] as const);

  test.each(numbered)(
    'case %s leaves the same tokens with the same probabilities',
    (_, { logits: input, recent, samplers, left }) => {
      const logits = Float32Array.from(inputs[input]!);
      const ours = new Map(distributionOf(logits, paramsOf(samplers, logits.length), { history: recent }));

      expect([...ours.keys()].sort((a, b) => a - b)).toEqual(left.map(([id]) => id).sort((a, b) => a - b));
      const furthest = Math.max(...left.map(([id, probability]) => Math.abs(ours.get(id)! - probability)));
      expect(furthest).toBeLessThan(1e-5);
    },
  );
});
