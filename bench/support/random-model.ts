// A llama of any shape with random weights, as a GGUF file: speed does not depend on what the weights say.
//
//   node bench/support/random-model.ts OUT q4_0|q8_0|f16|q4_k_m tinyllama|smollm|llama3-8b
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { byteLength, formats, type DType } from '../../src/dtype/index.ts';
import { numberToF16 } from '../../src/dtype/half.ts';

export interface LlamaShape {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly intermediate: number;
  readonly vocab: number;
}

export const shapes = {
  tinyllama: { hidden: 2048, layers: 22, heads: 32, kvHeads: 4, intermediate: 5632, vocab: 32000 },
  smollm: { hidden: 576, layers: 30, heads: 9, kvHeads: 3, intermediate: 1536, vocab: 49152 },
  'llama3-8b': { hidden: 4096, layers: 32, heads: 32, kvHeads: 8, intermediate: 14336, vocab: 128256 },
} as const satisfies Readonly<Record<string, LlamaShape>>;

export type ShapeName = keyof typeof shapes;
/** One format for every matrix; or `q4_k_m`, llama.cpp's mix of Q4_K and Q6_K. */
export type RandomDType = Extract<DType, 'q4_0' | 'q8_0' | 'f16'> | 'q4_k_m';

const ALIGNMENT = 32;
const STRING = 8;
const ARRAY = 9;
const U32 = 4;
const I32 = 5;
const F32 = 6;

/** The path of such a file in the cache folder; written when it is not there yet. */
export function randomModel(shape: ShapeName, dtype: RandomDType): string {
  const path = resolve(import.meta.dirname, `../../.cache/models/random-${shape}.${dtype.toUpperCase()}.gguf`);
  if (!existsSync(path)) writeRandomModel(path, shapes[shape], dtype);
  return path;
}

export function writeRandomModel(path: string, shape: LlamaShape, dtype: RandomDType): void {
  mkdirSync(dirname(path), { recursive: true });
  const tensors = tensorsOf(shape, dtype);
  const partial = `${path}.partial`;
  const file = openSync(partial, 'w');
  let position = 0;
  const write = (bytes: Uint8Array) => {
    position += writeSync(file, bytes);
    const padding = (ALIGNMENT - (position % ALIGNMENT)) % ALIGNMENT;
    position += writeSync(file, new Uint8Array(padding));
  };
  write(header(shape, tensors));
  for (const tensor of tensors) write(randomWeights(tensor));
  closeSync(file);
  renameSync(partial, path);
}

interface TensorPlan {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

function tensorsOf(
  { hidden, layers, heads, kvHeads, intermediate, vocab }: LlamaShape,
  mix: RandomDType,
): TensorPlan[] {
  const kv = (hidden / heads) * kvHeads;
  const matrix = (name: string, rows: number, columns: number): TensorPlan => ({
    name: `${name}.weight`,
    dtype: mix === 'q4_k_m' ? mixedDType(name, layers) : mix,
    shape: [rows, columns],
  });
  const norm = (name: string): TensorPlan => ({ name: `${name}.weight`, dtype: 'f32', shape: [hidden] });
  const layer = (_: unknown, i: number) => [
    norm(`blk.${i}.attn_norm`),
    matrix(`blk.${i}.attn_q`, hidden, hidden),
    matrix(`blk.${i}.attn_k`, kv, hidden),
    matrix(`blk.${i}.attn_v`, kv, hidden),
    matrix(`blk.${i}.attn_output`, hidden, hidden),
    norm(`blk.${i}.ffn_norm`),
    matrix(`blk.${i}.ffn_gate`, intermediate, hidden),
    matrix(`blk.${i}.ffn_up`, intermediate, hidden),
    matrix(`blk.${i}.ffn_down`, hidden, intermediate),
  ];
  return [
    matrix('token_embd', vocab, hidden),
    norm('output_norm'),
    matrix('output', vocab, hidden),
    ...Array.from({ length: layers }, layer).flat(),
  ];
}

/** What llama.cpp's quantize takes for Q4_K_M: six bits for the output head, and for attn_v and ffn_down of some layers. */
export function mixedDType(name: string, layers: number): 'q4_k' | 'q6_k' {
  if (name === 'output') return 'q6_k';
  const layer = Number(/^blk\.(\d+)\.(attn_v|ffn_down)$/.exec(name)?.[1] ?? Number.NaN);
  return usesMoreBits(layer, layers) ? 'q6_k' : 'q4_k';
}

/** `use_more_bits` of llama.cpp: the first and the last eighth, and every third layer between them. NaN: no. */
function usesMoreBits(layer: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8);
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2;
}

function header(
  { hidden, layers, heads, kvHeads, intermediate, vocab }: LlamaShape,
  tensors: readonly TensorPlan[],
): Uint8Array {
  const parts: Buffer[] = [];
  const u32 = (value: number): unknown => parts.push(Buffer.from(Uint32Array.of(value).buffer));
  const u64 = (value: number): unknown => parts.push(Buffer.from(BigUint64Array.of(BigInt(value)).buffer));
  const f32 = (value: number): unknown => parts.push(Buffer.from(Float32Array.of(value).buffer));
  const string = (text: string): void => {
    u64(Buffer.byteLength(text));
    parts.push(Buffer.from(text));
  };
  const entry = (key: string, type: number, write: () => unknown): void => {
    string(key);
    u32(type);
    write();
  };
  const array = <T>(key: string, type: number, values: readonly T[], write: (value: T) => unknown): void =>
    entry(key, ARRAY, () => {
      u32(type);
      u64(values.length);
      values.forEach(write);
    });

  const integers = {
    'llama.context_length': 2048,
    'llama.embedding_length': hidden,
    'llama.block_count': layers,
    'llama.feed_forward_length': intermediate,
    'llama.rope.dimension_count': hidden / heads,
    'llama.attention.head_count': heads,
    'llama.attention.head_count_kv': kvHeads,
    'llama.vocab_size': vocab,
    'tokenizer.ggml.bos_token_id': 1,
    'tokenizer.ggml.eos_token_id': 2,
  };
  parts.push(Buffer.from('GGUF'));
  u32(3);
  u64(tensors.length);
  u64(Object.keys(integers).length + 6);
  for (const [key, value] of Object.entries(integers)) entry(key, U32, () => u32(value));
  entry('general.architecture', STRING, () => string('llama'));
  entry('llama.attention.layer_norm_rms_epsilon', F32, () => f32(1e-5));
  entry('tokenizer.ggml.model', STRING, () => string('llama'));
  const ids = Array.from({ length: vocab }, (_, id) => id);
  array('tokenizer.ggml.tokens', STRING, ids.map(tokenText), string);
  array('tokenizer.ggml.scores', F32, ids, (id) => f32(-id));
  array('tokenizer.ggml.token_type', I32, ids.map(tokenType), u32);

  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    string(name);
    u32(shape.length);
    for (const dimension of shape.toReversed()) u64(dimension);
    u32(formats[dtype].ggmlType!);
    u64(offset);
    offset += Math.ceil(byteLength(dtype, shape) / ALIGNMENT) * ALIGNMENT;
  }
  return Buffer.concat(parts);
}

/** 0 unknown, 1 and 2 control, then the 256 bytes, then words. */
const tokenText = (id: number): string =>
  ['<unk>', '<s>', '</s>'][id] ??
  (id < 259 ? `<0x${(id - 3).toString(16).padStart(2, '0').toUpperCase()}>` : id === 259 ? '▁' : `t${id}`);
const tokenType = (id: number): number => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1);

/** Where a block's f16 scales lie, and the factors under which random quants come out near 1/√columns, about zero. */
const blockScales = {
  q4_0: [{ offset: 0, factor: 0.25 }],
  q8_0: [{ offset: 0, factor: 0.016 }],
  // Six random bits of scale and four of quant are 236 on average; the six of the minimum are 31.5.
  q4_k: [
    { offset: 0, factor: 0.005 },
    { offset: 2, factor: 0.005 * 7.5 },
  ],
  q6_k: [{ offset: 208, factor: 0.003 }],
} as const;

/** Random quants under one ordinary scale: activations stay near 1, and no product is denormal. */
function randomWeights({ dtype, shape }: TensorPlan): Uint8Array {
  const bytes = new Uint8Array(byteLength(dtype, shape));
  const columns = shape.at(-1)!;
  if (dtype === 'f32') return new Uint8Array(new Float32Array(bytes.length / 4).fill(1).buffer);

  const random = new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
  let state = 12345;
  for (let i = 0; i < random.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    random[i] = state ^ (state >>> 15);
  }
  const view = new DataView(bytes.buffer);
  if (dtype === 'f16') {
    // Sign and mantissa stay random; the exponent makes the values about 1/√columns.
    const exponent = (numberToF16(1 / Math.sqrt(columns)) & 0x7c00) - 0x400;
    for (let at = 0; at < bytes.length; at += 2)
      view.setUint16(at, (view.getUint16(at, true) & 0x83ff) | exponent, true);
    return bytes;
  }
  for (const { offset, factor } of blockScales[dtype as keyof typeof blockScales]) {
    const scale = numberToF16(factor / Math.sqrt(columns));
    for (let at = offset; at < bytes.length; at += formats[dtype].blockBytes) view.setUint16(at, scale, true);
  }
  return bytes;
}

if (import.meta.main) {
  const [path, dtype, shape] = process.argv.slice(2) as [string, RandomDType, ShapeName];
  writeRandomModel(path, shapes[shape], dtype);
}
