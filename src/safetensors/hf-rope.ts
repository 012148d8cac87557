import type { MetadataValue } from '../checkpoint/checkpoint.ts';
import type { Settings } from './hf-settings.ts';

type SetMetadata = (key: string, value: MetadataValue | undefined) => void;

/**
 * Rotary embedding: base, rotated dimensions, scaling. `rope_parameters` (transformers 5) holds what was spread over
 * `rope_theta`, `rope_scaling` and `partial_rotary_factor` before.
 *
 * @throws RealizarError `bad-hparam`
 */
export function addRope(config: Settings, architecture: string, set: SetMetadata): void {
  const parameters = config.section('rope_parameters');
  const scaling = parameters ?? config.section('rope_scaling');
  const rope = (key: string, value: MetadataValue | undefined) => set(`${architecture}.rope.${key}`, value);

  rope('freq_base', parameters?.number('rope_theta') ?? config.number('rope_theta'));
  rope('dimension_count', rotatedDimensions(config, parameters));
  if (scaling === undefined) return;
  const type = scaling.text('rope_type') ?? scaling.text('type') ?? 'default';
  if (type === 'default') return;
  rope('scaling.type', type); // of any name: whoever builds the model refuses what it does not know
  rope('scaling.factor', scaling.number('factor'));
  rope(
    'scaling.original_context_length',
    scaling.integer('original_max_position_embeddings') ?? config.integer('max_position_embeddings'),
  );
  rope('scaling.low_freq_factor', scaling.number('low_freq_factor'));
  rope('scaling.high_freq_factor', scaling.number('high_freq_factor'));
  if (type === 'yarn') addYarn(scaling, rope);
}

function rotatedDimensions(config: Settings, parameters: Settings | undefined): number | undefined {
  const hidden = config.integer('hidden_size');
  const heads = config.integer('num_attention_heads');
  const headDim = config.integer('head_dim') ?? (hidden === undefined || !heads ? undefined : hidden / heads);
  const part = parameters?.number('partial_rotary_factor') ?? config.number('partial_rotary_factor') ?? 1;
  return headDim === undefined ? undefined : Math.floor(headDim * part);
}

/** transformers, `_compute_yarn_parameters`; GGUF's factor counts on top of yarn's own magnitude. */
function addYarn(scaling: Settings, rope: SetMetadata): void {
  if (scaling.flag('truncate') === false)
    scaling.fail('truncate', 'yarn without whole-numbered borders is not supported');
  rope('scaling.yarn_beta_fast', scaling.number('beta_fast'));
  rope('scaling.yarn_beta_slow', scaling.number('beta_slow'));
  const factor = scaling.number('factor') ?? 1;
  const mscale = scaling.number('mscale');
  const mscaleAll = scaling.number('mscale_all_dim');
  const stated =
    scaling.number('attention_factor') ??
    (mscale && mscaleAll ? magnitude(factor, mscale) / magnitude(factor, mscaleAll) : undefined);
  if (stated !== undefined) rope('scaling.yarn_attn_factor', stated / magnitude(factor, 1));
}

/** Peng et al. 2023, arXiv:2309.00071, §3.4. */
const magnitude = (factor: number, mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);
