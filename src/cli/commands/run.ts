import { RealizarError } from '../../errors.ts';
import type { EngineApi } from '../../engine/engine-api.ts';
import type { ChatMessage, GenerateOptions, Generation, GenerationEvent } from '../../engine/events.ts';
import { interruptSignal } from '../interrupt.ts';
import { loadWithProgress } from '../loading.ts';
import { loadOptionsOf, samplingOf, type LoadFlags } from '../options.ts';
import { textOrStandardInput } from '../standard-input.ts';

export interface RunFlags extends LoadFlags {
  readonly maxTokens: number;
  readonly system?: string;
  readonly raw?: boolean;
  readonly promptLookup: number;
  readonly ignoreEos?: boolean;
  readonly stop?: readonly string[];
  readonly format: 'text' | 'json' | 'stream';
}

type Finish = Extract<GenerationEvent, { type: 'finish' }>;

/** `realizar run`: only the answer goes to standard output; speed goes to standard error. */
export async function run(model: string, promptArgument: string | undefined, flags: RunFlags): Promise<void> {
  const prompt = await textOrStandardInput(promptArgument);
  if (prompt === undefined)
    throw new RealizarError(
      'invalid-argument',
      'There is no prompt: give it as the second argument, or - to read it from standard input.',
    );

  const start = performance.now();
  await using engine = await loadWithProgress(model, loadOptionsOf(flags));
  const loadMs = performance.now() - start;

  const generation = startGeneration(engine, prompt, flags);
  if (flags.format === 'json') return await printJson(engine, generation, loadMs);

  for await (const event of generation.events()) {
    if (flags.format === 'stream') printLine(event);
    else process.stdout.write(event.text);
    if (event.type === 'finish') finish(event, flags.format);
  }
}

function startGeneration(engine: EngineApi, prompt: string, flags: RunFlags): Generation {
  const options: GenerateOptions = {
    maxTokens: flags.maxTokens,
    promptLookup: flags.promptLookup,
    signal: interruptSignal(),
    ...samplingOf({ ...flags }),
    ...(flags.ignoreEos && { ignoreEos: true }),
    ...(flags.stop && { stop: flags.stop }),
  };
  if (flags.raw) return engine.generate(prompt, { ...options, parseSpecial: true });

  const system: ChatMessage[] = flags.system === undefined ? [] : [{ role: 'system', content: flags.system }];
  if (engine.hasChatTemplate) return engine.chat([...system, { role: 'user', content: prompt }], options);
  if (flags.system !== undefined)
    throw new RealizarError(
      'invalid-argument',
      `${engine.modelId} has no chat template, so it takes no system message (--system).`,
    );
  return engine.generate(prompt, options);
}

async function printJson(engine: EngineApi, generation: Generation, loadMs: number): Promise<void> {
  const result = await generation.result();
  const { prefillTokens, prefillMs, decodeTokens, decodeMs, draftedTokens, acceptedTokens } = result.timings;
  const timings = {
    load_ms: loadMs,
    prefill_tokens: prefillTokens,
    prefill_ms: prefillMs,
    decode_tokens: decodeTokens,
    decode_ms: decodeMs,
    ...(draftedTokens !== undefined && { drafted_tokens: draftedTokens, accepted_tokens: acceptedTokens }),
  };
  if (result.finishReason === 'cancelled') process.exitCode = 130;
  const answer = {
    model: engine.modelId,
    prompt_token_ids: result.promptTokenIds,
    token_ids: result.tokenIds,
    text: result.text,
    finish_reason: result.finishReason,
    timings,
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function printLine(event: GenerationEvent): void {
  const line =
    event.type === 'token'
      ? { token_id: event.tokenId, text: event.text }
      : { finish_reason: event.reason, text: event.text };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function finish({ reason, generatedTokens, timings }: Finish, format: RunFlags['format']): void {
  if (format === 'text') process.stdout.write('\n');
  const rate = (tokens: number, ms: number) => (ms > 0 ? `${((1000 * tokens) / ms).toFixed(1)} tok/s` : '-');
  console.error(
    `prompt ${timings.prefillTokens} tokens, ${rate(timings.prefillTokens, timings.prefillMs)} · ` +
      `answer ${generatedTokens} tokens, ${rate(timings.decodeTokens, timings.decodeMs)} · ${reason}`,
  );
  if (reason === 'cancelled') process.exitCode = 130;
}
