import type { Architecture, TensorSpec } from '../architecture.ts';
import type { ModelConfig } from '../config.ts';
import { llama } from './llama.ts';

/** Qwen 2 and 2.5: LLaMA with a bias on q, k and v. Yang et al. 2024, arXiv:2407.10671, §2.2. */
export const qwen2: Architecture = {
  ...llama,
  name: 'qwen2',
  ropePairing: 'half',
  layerTensors: (c) => [...llama.layerTensors(c).filter((tensor) => !isBias(tensor)), ...biases(c)],
};

const isBias = ({ name }: TensorSpec) => name.endsWith('.bias');

const biases = (c: ModelConfig): TensorSpec[] => [
  { name: 'attn_q.bias', shape: [c.numHeads * c.headDim] },
  { name: 'attn_k.bias', shape: [c.numKvHeads * c.headDim] },
  { name: 'attn_v.bias', shape: [c.numKvHeads * c.headDim] },
];
