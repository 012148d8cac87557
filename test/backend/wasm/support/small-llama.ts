import type { Checkpoint, TensorInfo } from '../../../../src/checkpoint/checkpoint.ts';
import { byteLength } from '../../../../src/dtype/index.ts';
import { llamaMetadata } from '../../../model/metadata.ts';
import { randomWeight } from './random-weight.ts';

const HIDDEN = 256;
const KV = 128;
const FEED_FORWARD = 1280;
export const VOCAB = 320;
export const LAYERS = 5;

/** A llama with layers of 1.3 MB, of random q8_0 weights. */
export function smallLlama({ tied }: { readonly tied: boolean }): Checkpoint {
  const tensors = new Map<string, TensorInfo>();
  const data = new Map<string, Uint8Array>();
  const matrix = (name: string, rows: number, columns: number) => {
    const bytes = randomWeight('q8_0', rows, columns, tensors.size + 1);
    tensors.set(name, { name, dtype: 'q8_0', shape: [rows, columns], byteLength: bytes.length });
    data.set(name, bytes);
  };
  const norm = (name: string) => {
    tensors.set(name, { name, dtype: 'f32', shape: [HIDDEN], byteLength: byteLength('f32', [HIDDEN]) });
    data.set(name, new Uint8Array(Float32Array.from({ length: HIDDEN }, (_, i) => 0.5 + i / HIDDEN).buffer));
  };
  matrix('token_embd.weight', VOCAB, HIDDEN);
  norm('output_norm.weight');
  for (let i = 0; i < LAYERS; i++) {
    norm(`blk.${i}.attn_norm.weight`);
    matrix(`blk.${i}.attn_q.weight`, HIDDEN, HIDDEN);
    matrix(`blk.${i}.attn_k.weight`, KV, HIDDEN);
    matrix(`blk.${i}.attn_v.weight`, KV, HIDDEN);
    matrix(`blk.${i}.attn_output.weight`, HIDDEN, HIDDEN);
    norm(`blk.${i}.ffn_norm.weight`);
    matrix(`blk.${i}.ffn_gate.weight`, FEED_FORWARD, HIDDEN);
    matrix(`blk.${i}.ffn_up.weight`, FEED_FORWARD, HIDDEN);
    matrix(`blk.${i}.ffn_down.weight`, HIDDEN, FEED_FORWARD);
  }
  if (!tied) matrix('output.weight', VOCAB, HIDDEN);
  return {
    format: 'gguf',
    name: 'small',
    byteLength: [...data.values()].reduce((sum, bytes) => sum + bytes.length, 0),
    metadata: llamaMetadata({
      'llama.context_length': 1024,
      'llama.embedding_length': HIDDEN,
      'llama.block_count': LAYERS,
      'llama.feed_forward_length': FEED_FORWARD,
      'llama.attention.head_count': 8,
      'llama.attention.head_count_kv': 4,
      'llama.vocab_size': VOCAB,
    }),
    tensors,
    companions: new Map(),
    async read({ name }, start = 0, end, into) {
      const bytes = data.get(name)!.subarray(start, end);
      if (!into) return bytes;
      into.set(bytes);
      return into;
    },
    close: async () => {},
  };
}
