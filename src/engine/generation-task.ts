import type { RealizarError } from '../errors.ts';
import { type Candidates, logprobsOf, type Sampler } from '../sampling/index.ts';
import type { TextStream } from '../tokenizer/text-stream.ts';
import { AsyncQueue } from './async-queue.ts';
import type { FinishReason, Generation, GenerationEvent } from './events.ts';
import { QueuedGeneration } from './generation.ts';
import { PromptLookup } from './prompt-lookup.ts';
import { rowOf, type RowResults } from './row-results.ts';
import { Sequence } from './sequence.ts';
import { Stopwatch } from './stopwatch.ts';
import type { Task } from './task.ts';

export interface GenerationParts {
  readonly promptTokenIds: readonly number[];
  readonly sampler: Sampler;
  readonly text: TextStream;
  /** Tokens that end the answer without being part of it. */
  readonly endIds: ReadonlySet<number>;
  /** New tokens at most. */
  readonly maxTokens: number;
  /** Alternatives to report for each token; undefined: no log-probabilities at all. */
  readonly logprobs: number | undefined;
  /** Tokens to guess at most from what was said before; 0: none. */
  readonly promptLookup: number;
  /** Tokens that the tokenizer knows. A model may have rows beyond them, which are never chosen. */
  readonly vocabSize: number;
  readonly signal: AbortSignal | undefined;
  /** Makes the loop look again. */
  readonly wake: () => void;
}

/** Turns logits into tokens and tokens into events, until something ends the answer. */
export class GenerationTask implements Task {
  readonly sequence: Sequence;
  readonly generation: Generation;
  readonly #parts: GenerationParts;
  readonly #queue: AsyncQueue<GenerationEvent>;
  readonly #stopwatch: Stopwatch;
  readonly #lookup: PromptLookup | undefined;
  #left = false;
  #generated = 0;

  constructor(parts: GenerationParts) {
    const { promptTokenIds } = parts;
    this.sequence = new Sequence(promptTokenIds, promptTokenIds.length - 1);
    this.#parts = parts;
    this.#queue = new AsyncQueue(() => this.#leave());
    this.generation = new QueuedGeneration(promptTokenIds, this.#queue);
    this.#stopwatch = new Stopwatch(promptTokenIds.length);
    this.#lookup = parts.promptLookup > 0 ? new PromptLookup(parts.promptLookup) : undefined;
  }

  get needed(): number | undefined {
    return this.#parts.logprobs === undefined ? this.#parts.sampler.needed : undefined;
  }

  get mayRunAhead(): boolean {
    const known = this.#generated + this.sequence.tokensInFlight;
    return this.needed === 1 && this.#lookup === undefined && known < this.#parts.maxTokens;
  }

  get cancelled(): boolean {
    return this.#left || this.#parts.signal?.aborted === true;
  }

  onScheduled(): void {
    this.#stopwatch.scheduled();
  }

  accept(results: RowResults): boolean {
    const { draft, tokenIds } = this.sequence;
    const drafted = results.rows - 1;
    this.#lookup?.onDrafted(drafted);
    for (let i = 0; i <= drafted; i++) {
      if (this.#take(rowOf(results, i, this.#parts.vocabSize))) return true;
      if (i === drafted || tokenIds.at(-1) !== draft[i]) break;
      this.#lookup?.onAccepted();
    }
    const missing = this.#parts.maxTokens - this.#generated;
    this.sequence.draft = this.#lookup?.draft(tokenIds).slice(0, missing - 1) ?? [];
    return false;
  }

  onCancelled(): void {
    this.#finish('cancelled');
  }

  fail(error: RealizarError): void {
    this.#queue.fail(error);
  }

  /** The next token, from the row of the one before. @returns whether it ends the answer */
  #take(row: Float32Array | Candidates): boolean {
    this.#stopwatch.answered();
    const { sampler, text, endIds, maxTokens } = this.#parts;
    if (this.#generated >= maxTokens) return this.#finish('length');

    const tokenId = sampler.sample(row, this.sequence.tokenIds);
    if (endIds.has(tokenId)) return this.#finish('stop');

    this.sequence.append(tokenId);
    this.#generated++;
    const delta = text.push(tokenId);
    this.#queue.push({ type: 'token', tokenId, text: delta.text, ...this.#logprobs(row, tokenId) });
    if (delta.stop !== undefined) return this.#finish('stop', delta.stop);
    return this.#generated >= maxTokens && this.#finish('length');
  }

  #leave(): void {
    this.#left = true;
    this.#parts.wake();
  }

  #logprobs(row: Float32Array | Candidates, tokenId: number): object {
    const { logprobs } = this.#parts;
    if (logprobs === undefined || !(row instanceof Float32Array)) return {};
    const { logprob, top } = logprobsOf(row, tokenId, logprobs);
    return { logprob, topLogprobs: top };
  }

  #finish(reason: FinishReason, stop?: string): true {
    // What was held back may turn out to end in a stop string after all.
    const rest = this.#parts.text.end();
    const stopString = stop ?? rest.stop;
    this.#queue.push({
      type: 'finish',
      reason: stopString === undefined ? reason : 'stop',
      text: rest.text,
      promptTokens: this.sequence.promptLength,
      generatedTokens: this.#generated,
      ...(stopString === undefined ? {} : { stopString }),
      timings: { ...this.#stopwatch.timings(), ...this.#lookup?.counts },
    });
    this.#queue.close();
    return true;
  }
}
