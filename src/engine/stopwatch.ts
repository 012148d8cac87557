import type { GenerationTimings } from './events.ts';

/** Takes the times of one generation: submitted → first scheduled → first logits → finished. */
export class Stopwatch {
  readonly #submitted = performance.now();
  readonly #prefillTokens: number;
  #scheduled: number | undefined;
  #prefilled: number | undefined;
  #answers = 0;

  constructor(prefillTokens: number) {
    this.#prefillTokens = prefillTokens;
  }

  scheduled(): void {
    this.#scheduled ??= performance.now();
  }

  /** Logits came: the first time they end the prefill, later each is one step of decoding. */
  answered(): void {
    this.#prefilled ??= performance.now();
    this.#answers++;
  }

  timings(): GenerationTimings {
    const now = performance.now();
    const scheduled = this.#scheduled ?? now;
    const prefilled = this.#prefilled ?? now;
    return {
      queueMs: scheduled - this.#submitted,
      prefillTokens: this.#prefilled === undefined ? 0 : this.#prefillTokens,
      prefillMs: prefilled - scheduled,
      decodeTokens: Math.max(0, this.#answers - 1),
      decodeMs: now - prefilled,
    };
  }
}
