import type { MetadataValue } from '../checkpoint/checkpoint.ts';
import { optionalString } from '../checkpoint/metadata-reader.ts';
import { RealizarError } from '../errors.ts';
import { architectureNamed } from './architectures/index.ts';
import type { ModelConfig } from './config.ts';
import { integer, number, optionalInteger, type Range } from './hparams.ts';
import { ropeFromMetadata } from './rope-from-metadata.ts';

// Far above any model, and low enough that no product of two is near 2^53, nor the size of a matrix row near 2^32.
const LAYERS: Range = { min: 1, max: 4096 };
const HIDDEN: Range = { min: 1, max: 2 ** 20 };
const INTERMEDIATE: Range = { min: 1, max: 2 ** 22 };
const HEADS: Range = { min: 1, max: 2 ** 14 };
const HEAD_DIM: Range = { min: 2, max: 2 ** 13 };
const VOCABULARY: Range = { min: 1, max: 2 ** 24 };
const CONTEXT: Range = { min: 1, max: 2 ** 27 };
const WINDOW: Range = { min: 0, max: 2 ** 31 };
const EPS: Range = { min: 1e-12, max: 1 };

/**
 * Reads the shape of a model from GGUF's metadata vocabulary.
 *
 * @param ropeDivisors contents of `rope_freqs.weight`, where the checkpoint has it
 * @throws RealizarError `missing-metadata` | `bad-hparam` | `unknown-architecture`, naming the key
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#llm
 */
export function configFromMetadata(
  metadata: ReadonlyMap<string, MetadataValue>,
  ropeDivisors?: Float32Array,
): ModelConfig {
  const name = optionalString(metadata, 'general.architecture');
  if (name === undefined)
    throw new RealizarError(
      'missing-metadata',
      'the file has no general.architecture; it does not hold a language model',
      { field: 'general.architecture' },
    );
  const architecture = architectureNamed(name);
  const key = (suffix: string) => `${name}.${suffix}`;
  checkActivation(metadata);

  const hiddenSize = integer(metadata, key('embedding_length'), HIDDEN);
  const numHeads = integer(metadata, key('attention.head_count'), HEADS);
  const numKvHeads = optionalInteger(metadata, key('attention.head_count_kv'), HEADS) ?? numHeads;
  if (numHeads % numKvHeads !== 0) {
    throw bad(key('attention.head_count_kv'), `${numHeads} query heads cannot share ${numKvHeads} key heads`);
  }
  const headDim = headDimOf(metadata, name, hiddenSize, numHeads);
  const window = optionalInteger(metadata, key('attention.sliding_window'), WINDOW) ?? 0;

  return {
    architecture: name,
    vocabSize: vocabSizeOf(metadata, name),
    hiddenSize,
    intermediateSize: integer(metadata, key('feed_forward_length'), INTERMEDIATE),
    numLayers: integer(metadata, key('block_count'), LAYERS),
    numHeads,
    numKvHeads,
    headDim,
    contextLength: integer(metadata, key('context_length'), CONTEXT),
    normEps: number(metadata, key('attention.layer_norm_rms_epsilon'), EPS),
    rope: ropeFromMetadata(metadata, architecture, headDim, ropeDivisors),
    slidingWindow: window > 0 ? window : undefined,
  };
}

/** Only config.json says it; every architecture here was trained with silu, also called swish. */
function checkActivation(metadata: ReadonlyMap<string, MetadataValue>): void {
  const key = 'realizar.activation';
  const activation = optionalString(metadata, key) ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish') throw bad(key, 'only silu is supported');
}

function headDimOf(
  metadata: ReadonlyMap<string, MetadataValue>,
  name: string,
  hiddenSize: number,
  numHeads: number,
): number {
  const keyLength = `${name}.attention.key_length`;
  const headDim = optionalInteger(metadata, keyLength, HEAD_DIM) ?? hiddenSize / numHeads;
  if (!Number.isInteger(headDim) || headDim < HEAD_DIM.min || headDim > HEAD_DIM.max) {
    throw bad(`${name}.attention.head_count`, `${hiddenSize} numbers cannot be shared by ${numHeads} heads`);
  }
  const valueLength = `${name}.attention.value_length`;
  const valueDim = optionalInteger(metadata, valueLength, HEAD_DIM) ?? headDim;
  if (valueDim !== headDim)
    throw bad(valueLength, `values of ${valueDim} numbers beside keys of ${headDim} are not supported`);
  return headDim;
}

/** Tokens of the vocabulary are rows of the embedding; a folder's config.json may ask for more rows than its tokenizer has tokens. */
function vocabSizeOf(metadata: ReadonlyMap<string, MetadataValue>, name: string): number {
  const key = `${name}.vocab_size`;
  const stated = optionalInteger(metadata, key, VOCABULARY);
  const tokens = metadata.get('tokenizer.ggml.tokens');
  if (typeof tokens !== 'object') return stated ?? integer(metadata, key, VOCABULARY);
  if (tokens.length === 0 || tokens.length > VOCABULARY.max)
    throw bad('tokenizer.ggml.tokens', `a vocabulary of ${tokens.length} tokens`);
  if (stated !== undefined && stated !== tokens.length)
    throw bad(key, `${stated} tokens are stated and ${tokens.length} listed in tokenizer.ggml.tokens`);
  return tokens.length;
}

const bad = (field: string, reason: string) => new RealizarError('bad-hparam', `${field}: ${reason}`, { field });
