import type { Architecture, TensorSpec } from '../architecture.ts';
import type { ModelConfig } from '../config.ts';
import { llama } from './llama.ts';

/** Qwen 3: LLaMA with an RMS norm on every head of q and k before rope. Yang et al. 2025, arXiv:2505.09388, §2. */
export const qwen3: Architecture = {
  ...llama,
  name: 'qwen3',
  ropePairing: 'half',
  layerTensors: (c) => [...llama.layerTensors(c), ...headNorms(c)],
};

const headNorms = (c: ModelConfig): TensorSpec[] => [
  { name: 'attn_q_norm.weight', shape: [c.headDim] },
  { name: 'attn_k_norm.weight', shape: [c.headDim] },
];
