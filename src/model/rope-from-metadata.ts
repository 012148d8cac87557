import type { Rope } from '../backend/backend.ts';
import type { MetadataValue } from '../checkpoint/checkpoint.ts';
import { optionalString } from '../checkpoint/metadata-reader.ts';
import { RealizarError } from '../errors.ts';
import type { Architecture } from './architecture.ts';
import { number, optionalInteger, optionalNumber, type Range } from './hparams.ts';
import { ropeFrequencies, yarnMagnitude, type RopeScaling } from './rope-scaling.ts';

type Metadata = ReadonlyMap<string, MetadataValue>;

// A base of 1 would turn all pairs alike and divide yarn's logarithms by zero.
const THETA: Range = { min: 1.5, max: 1e15 };
const FACTOR: Range = { min: 1e-3, max: 1e6 };
const POSITIVE: Range = { min: 1e-6, max: 1e6 };
const CONTEXT: Range = { min: 1, max: 2 ** 27 };
const DEFAULT_THETA = 10_000;

/** @throws RealizarError `bad-hparam` | `missing-metadata`, naming the key */
export function ropeFromMetadata(
  metadata: Metadata,
  architecture: Architecture,
  headDim: number,
  divisors?: Float32Array,
): Rope {
  const prefix = `${architecture.name}.rope.`;
  const dimensions = optionalInteger(metadata, `${prefix}dimension_count`, { min: 2, max: headDim }) ?? headDim;
  if (dimensions % 2 !== 0) throw bad(`${prefix}dimension_count`, `${dimensions} numbers cannot be rotated in pairs`);
  checkDivisors(divisors, dimensions);

  const theta = optionalNumber(metadata, `${prefix}freq_base`, THETA) ?? DEFAULT_THETA;
  return {
    pairing: pairingOf(metadata, architecture),
    dimensions,
    ...ropeFrequencies(dimensions, theta, scalingOf(metadata, architecture), divisors),
  };
}

/** Converters to GGUF reorder q and k of some families; whoever reads a Hugging Face folder says that its rows are as trained. */
function pairingOf(metadata: Metadata, architecture: Architecture): Rope['pairing'] {
  const key = 'realizar.rope.pairing';
  const stated = optionalString(metadata, key);
  if (stated === undefined || stated === 'half' || stated === 'interleaved') return stated ?? architecture.ropePairing;
  throw bad(key, 'known are half and interleaved');
}

function scalingOf(metadata: Metadata, architecture: Architecture): RopeScaling | undefined {
  const prefix = `${architecture.name}.rope.`;
  const key = (suffix: string) => `${prefix}scaling.${suffix}`;
  const type = optionalString(metadata, key('type'));
  const optional = (suffix: string, otherwise: number, range = POSITIVE) =>
    optionalNumber(metadata, key(suffix), range) ?? otherwise;
  if (type === undefined) return untypedLinear(metadata, prefix);
  if (type === 'none') return undefined;
  if (type !== 'linear' && type !== 'llama3' && type !== 'yarn')
    throw bad(key('type'), 'known are none, linear, llama3 and yarn');

  const factor = number(metadata, key('factor'), FACTOR);
  if (type === 'linear') return { type, factor };
  if (type === 'llama3') {
    const lowFrequencyFactor = number(metadata, key('low_freq_factor'), POSITIVE);
    const highFrequencyFactor = number(metadata, key('high_freq_factor'), POSITIVE);
    if (highFrequencyFactor <= lowFrequencyFactor)
      throw bad(key('high_freq_factor'), 'it has to be above low_freq_factor');
    return {
      type,
      factor,
      lowFrequencyFactor,
      highFrequencyFactor,
      originalContext: originalContext(metadata, architecture),
    };
  }

  const extrapolation = optional('yarn_ext_factor', 1, { min: 0, max: 1 });
  return {
    type,
    factor,
    originalContext: originalContext(metadata, architecture),
    betaFast: optional('yarn_beta_fast', 32),
    betaSlow: optional('yarn_beta_slow', 1),
    extrapolation,
    magnitude:
      optional('attn_factor', 1) * optional('yarn_attn_factor', 1) * (extrapolation > 0 ? yarnMagnitude(factor) : 1),
  };
}

/** A file that does not say was trained for its whole context at once. */
const originalContext = (metadata: Metadata, { name }: Architecture): number =>
  optionalNumber(metadata, `${name}.rope.scaling.original_context_length`, CONTEXT) ??
  number(metadata, `${name}.context_length`, CONTEXT);

/** Files of 2023 say only how much to stretch, under one of two names. */
function untypedLinear(metadata: Metadata, prefix: string): RopeScaling | undefined {
  const factor =
    optionalNumber(metadata, `${prefix}scaling.factor`, FACTOR) ??
    optionalNumber(metadata, `${prefix}scale_linear`, FACTOR);
  return factor === undefined ? undefined : { type: 'linear', factor };
}

function checkDivisors(divisors: Float32Array | undefined, dimensions: number): void {
  if (divisors === undefined) return;
  const field = 'rope_freqs.weight';
  if (divisors.length !== dimensions / 2)
    throw new RealizarError(
      'shape-mismatch',
      `${field} has ${divisors.length} numbers and has to have ${dimensions / 2}`,
      { field },
    );
  if (!divisors.every((n) => n > 0 && n < Infinity)) throw bad(field, 'every number has to be above zero and finite');
}

const bad = (field: string, reason: string) => new RealizarError('bad-hparam', `${field}: ${reason}`, { field });
