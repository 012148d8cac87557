/**
 * The local LLM in your TypeScript process: open an unmodified GGUF or SafeTensors model and run it.
 *
 * ```ts
 * import { demoModelPath, loadEngine } from 'realizar';
 *
 * await using engine = await loadEngine(demoModelPath()); // or 'model.gguf', or a Hugging Face folder
 *
 * for await (const piece of engine.generate('Once upon a time', { maxTokens: 64 })) process.stdout.write(piece);
 *
 * const { text } = await engine.chat([{ role: 'user', content: 'Who are you?' }]).result();
 * console.log(text);
 * ```
 *
 * @module
 */
export { loadEngine, type ModelSource } from './load.ts';
export { demoModelPath } from './demo.node.ts';
export { Engine } from './engine/engine.ts';
export type { EngineApi, LoadOptions, LoadProgress } from './engine/engine-api.ts';
export type {
  ChatOptions,
  FinishReason,
  GenerateOptions,
  Generation,
  GenerationEvent,
  GenerationResult,
  GenerationTimings,
  TokenLogprob,
} from './engine/events.ts';
export { RealizarError, type ErrorCode } from './errors.ts';
export type { BackendInfo, BackendName } from './backend/backend.ts';
export type { Checkpoint, MetadataValue, TensorInfo } from './checkpoint/checkpoint.ts';
export type { ModelConfig } from './model/config.ts';
export type { SamplerName, SamplingParams } from './sampling/params.ts';
export type { ChatMessage, ChatTool, ChatToolCall } from './tokenizer/chat-message.ts';
export type { DecodeOptions, EncodeOptions, Tokenizer } from './tokenizer/tokenizer.ts';
export { version } from './version.ts';
