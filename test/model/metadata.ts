import type { MetadataValue } from '../../src/checkpoint/checkpoint.ts';

/** Metadata of a small llama, with changes; `undefined` takes a key out. */
export function llamaMetadata(
  changes: Readonly<Record<string, MetadataValue | undefined>> = {},
): Map<string, MetadataValue> {
  const metadata = new Map<string, MetadataValue>([
    ['general.architecture', 'llama'],
    ['llama.context_length', 512],
    ['llama.embedding_length', 64],
    ['llama.block_count', 2],
    ['llama.feed_forward_length', 96],
    ['llama.attention.head_count', 4],
    ['llama.attention.head_count_kv', 2],
    ['llama.attention.layer_norm_rms_epsilon', 1e-5],
    ['llama.rope.freq_base', 10000],
    ['llama.vocab_size', 32],
  ]);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  }
  return metadata;
}
