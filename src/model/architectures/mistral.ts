import type { Architecture } from '../architecture.ts';
import { llama } from './llama.ts';

/**
 * Mistral 7B: LLaMA with a sliding window, which is data (`ModelConfig.slidingWindow`). Jiang et al. 2023, arXiv:2310.06825.
 * GGUF files of Mistral call themselves `llama`; this name comes from Hugging Face folders.
 */
export const mistral: Architecture = { ...llama, name: 'mistral' };
