import { readFileSync } from 'node:fs';
import type { Backend } from '../../src/backend/backend.ts';
import type { Checkpoint } from '../../src/checkpoint/checkpoint.ts';
import { Engine } from '../../src/engine/engine.ts';
import { loadModel } from '../../src/model/load-model.ts';
import { openCheckpoint } from '../../src/open-checkpoint.node.ts';
import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { sharedPath } from '../support/inputs.ts';

/** Every variant of the tiny models: the file, and the file of its exact logits. */
const gguf = [
  'llama',
  'tied',
  'multi-head',
  'one-kv-head',
  'wide-head',
  'rope-linear',
  'rope-yarn',
  'rope-llama3',
  'qwen2',
  'qwen3',
  'kquant',
];
export const ggufModels = gguf.map((name) => ({ name, file: 'model.gguf', logits: 'logits.f32' }));
export const kQuantModels = ['Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K'].map((type) => ({
  name: 'kquant',
  file: `model.${type}.gguf`,
  logits: `logits.${type}.f32`,
}));
export const folderModels = [...gguf, 'mistral-window'].map((name) => ({ name, file: 'hf', logits: 'logits.f32' }));

export interface TinyModel {
  readonly name: string;
  readonly file: string;
  readonly logits: string;
}

export const tinyRoot = sharedPath('reference/tiny');
const pathOf = (name: string, file: string) => `${tinyRoot}/${name}/${file}`;

export async function openTiny({ name, file }: TinyModel): Promise<Checkpoint> {
  return openCheckpoint(pathOf(name, file));
}

export const tinyIds = ({ name }: TinyModel): number[] =>
  JSON.parse(readFileSync(pathOf(name, 'ids.json'), 'utf8')) as number[];

export function tinyLogits({ name, logits }: TinyModel): Float32Array {
  const bytes = readFileSync(pathOf(name, logits));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Its vocabulary is as large as any; nothing is encoded or decoded here. */
const noTokenizer = {
  vocabSize: Infinity,
  endIds: new Set<number>(),
  bytesOf: () => new Uint8Array(),
  decode: () => '',
} as unknown as Tokenizer;

export async function tinyEngine(
  tiny: TinyModel,
  backend: Backend,
  chunkSize = 256,
  contextLength = 512,
): Promise<Engine> {
  const checkpoint = await openTiny(tiny);
  const model = await loadModel(checkpoint, backend, { contextLength });
  await checkpoint.close();
  return new Engine({
    modelId: tiny.name,
    model,
    tokenizer: noTokenizer,
    chatTemplate: undefined,
    maxSequences: 8,
    chunkSize,
  });
}

/** Logits of every position, [n, vocab]. */
export async function allLogits(engine: Engine, ids: readonly number[]): Promise<Float32Array> {
  const chunks: number[] = [];
  for await (const chunk of engine.logits(ids)) for (const logit of chunk) chunks.push(logit);
  return Float32Array.from(chunks);
}

/** Root mean square of the difference, relative to that of the exact values. */
export function relativeRms(values: Float32Array, exact: Float32Array): number {
  let difference = 0;
  let size = 0;
  exact.forEach((x, i) => {
    difference += (values[i]! - x) ** 2;
    size += x ** 2;
  });
  return Math.sqrt(difference / size);
}
