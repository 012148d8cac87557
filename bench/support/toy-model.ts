import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWasmBackend } from '../../src/backend/wasm/wasm-backend.ts';
import { memorySource } from '../../src/checkpoint/byte-source.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openGguf } from '../../src/gguf/index.ts';
import { loadModel } from '../../src/model/load-model.ts';
import type { Model } from '../../src/model/model.ts';
import { startEngine } from '../../src/start-engine.ts';
import { writeRandomModel, type LlamaShape } from './random-model.ts';

/**
 * The shape of the Rust realizar's benchmarks. There a layer is a norm and a feed-forward of two products, without projections,
 * rope, causal mask or kv cache; here it is a whole llama, about twice the products for a token.
 */
export const toyShape: LlamaShape = { hidden: 32, layers: 2, heads: 1, kvHeads: 1, intermediate: 64, vocab: 100 };

/** Positions of the kv cache; generations are short. */
const CONTEXT_LENGTH = 64;

/** Products of one token: projections, feed-forward and output head. */
export function productsPerToken({ hidden, layers, heads, kvHeads, intermediate, vocab }: LlamaShape): number {
  const queries = 2 * hidden * hidden;
  const keys = 2 * hidden * ((hidden / heads) * kvHeads);
  return layers * (queries + keys + 3 * hidden * intermediate) + hidden * vocab;
}

export function toyFile(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'realizar-toy-'));
  try {
    const path = join(folder, 'toy.gguf');
    writeRandomModel(path, toyShape, 'q8_0');
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** On the thread that calls it: waking another one takes longer than the whole forward pass. */
export async function toyModel(file: Uint8Array): Promise<Model> {
  const backend = await createWasmBackend({ inline: true });
  return loadModel(await openGguf(memorySource(file)), backend, { contextLength: CONTEXT_LENGTH });
}

export async function toyEngine(file: Uint8Array): Promise<Engine> {
  const open = {
    checkpoint: () => openGguf(memorySource(file)),
    backend: () => createWasmBackend({ inline: true }),
  };
  return startEngine(await open.checkpoint(), open, { contextLength: CONTEXT_LENGTH, maxSequences: 16 });
}
