import { brief } from '../checkpoint/brief.ts';
import type { MetadataValue } from '../checkpoint/checkpoint.ts';
import type { JsonObject } from '../checkpoint/json.ts';
import { RealizarError } from '../errors.ts';
import { addRope } from './hf-rope.ts';
import { settingsOf, type Settings } from './hf-settings.ts';

/** Fields of config.json whose value GGUF has under another name; `ARCH` is the model's `model_type`. */
const integers: Readonly<Record<string, string>> = {
  vocab_size: 'vocab_size',
  hidden_size: 'embedding_length',
  num_hidden_layers: 'block_count',
  intermediate_size: 'feed_forward_length',
  num_attention_heads: 'attention.head_count',
  num_key_value_heads: 'attention.head_count_kv',
  head_dim: 'attention.key_length',
  max_position_embeddings: 'context_length',
};

/**
 * Translates a `config.json` of Hugging Face's transformers to GGUF's metadata vocabulary.
 *
 * Absent fields stay absent, and an unknown `model_type` is passed on: whoever builds the model says what is missing.
 * Besides GGUF's keys there are `realizar.rope.pairing` (always `half`: rows of q and k are as trained, not reordered as
 * converters to GGUF do) and `realizar.activation` (`hidden_act`); `rope.scaling.type` may be `llama3`, which GGUF stores as a
 * tensor, with `rope.scaling.low_freq_factor` and `high_freq_factor`.
 *
 * @param name the file, for messages
 * @throws RealizarError `bad-hparam` | `missing-metadata` | `unsupported-dtype`, naming the field
 */
export function metadataFromConfig(json: JsonObject, name: string): Map<string, MetadataValue> {
  const config = settingsOf(json, name);
  const architecture = config.text('model_type');
  if (architecture === undefined) {
    throw new RealizarError('missing-metadata', `${name}: model_type is missing, so nobody knows which model this is`, {
      field: 'model_type',
    });
  }
  refuseQuantised(config, name);
  const metadata = new Map<string, MetadataValue>([
    ['general.architecture', architecture],
    ['realizar.rope.pairing', 'half'],
  ]);
  const set = (key: string, value: MetadataValue | undefined) => void (value === undefined || metadata.set(key, value));
  for (const [field, key] of Object.entries(integers)) set(`${architecture}.${key}`, config.integer(field));
  set(`${architecture}.attention.layer_norm_rms_epsilon`, config.number('rms_norm_eps'));
  set(`${architecture}.attention.sliding_window`, slidingWindow(config, architecture));
  set('realizar.activation', config.text('hidden_act'));
  set('tokenizer.ggml.bos_token_id', config.firstInteger('bos_token_id'));
  set('tokenizer.ggml.eos_token_id', config.firstInteger('eos_token_id'));
  addRope(config, architecture, set);
  return metadata;
}

/** Weights of GPTQ, AWQ, bitsandbytes, FP8 with scales: integers in a SafeTensors file that mean nothing without their scheme. */
function refuseQuantised(config: Settings, name: string): void {
  const quantization = config.section('quantization_config');
  if (quantization === undefined) return;
  const method = quantization.text('quant_method') ?? 'an unnamed method';
  const message = `${name}: the weights are quantised with ${brief(method)}, which is not supported; take the unquantised model or a GGUF file of it`;
  throw new RealizarError('unsupported-dtype', message, { field: 'quantization_config' });
}

/** The window of attention where all layers share one. */
function slidingWindow(config: Settings, architecture: string): number | undefined {
  const window = config.integer('sliding_window');
  // Qwen's configurations state a window that they do not use, unless they say so.
  const used = config.flag('use_sliding_window') ?? !architecture.startsWith('qwen');
  if (window === undefined || !used) return undefined;
  const windowed = windowedLayers(config);
  if (windowed.every((layer) => layer)) return window;
  if (windowed.some((layer) => layer))
    config.fail('sliding_window', 'layers with and without a window in one model are not supported');
  return undefined;
}

/** One flag per layer, from either of the two ways in which transformers says it; [true] where all are alike. */
function windowedLayers(config: Settings): boolean[] {
  const types = config.list('layer_types');
  if (types !== undefined && types.length > 0) return types.map((type) => type === 'sliding_attention');
  const full = config.flag('use_sliding_window') === true ? (config.integer('max_window_layers') ?? 0) : 0;
  const layers = config.integer('num_hidden_layers') ?? 1;
  return full <= 0 ? [true] : full >= layers ? [false] : [false, true];
}
