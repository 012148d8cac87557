/** What finding the best kernels may cost. */
export interface Limits {
  /** Of a device's time: a start that is slower by more would be noticed. */
  readonly deviceMs: number;
  /** Kernels that are compiled. */
  readonly trials: number;
  /** From the first trial on, compiling included: drivers may take a second for a kernel. */
  readonly totalMs: number;
}

export const usualLimits: Limits = { deviceMs: 150, trials: 36, totalMs: 1000 };

/** What is left of the limits. */
export class Budget {
  readonly #limits: Limits;
  readonly #now: () => number;
  #startedAt: number | undefined;
  #deviceMs = 0;
  #trials = 0;

  constructor(limits: Limits = usualLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  get isSpent(): boolean {
    const { deviceMs, trials, totalMs } = this.#limits;
    const elapsed = this.#startedAt === undefined ? 0 : this.#now() - this.#startedAt;
    return this.#deviceMs >= deviceMs || this.#trials >= trials || elapsed >= totalMs;
  }

  spendTrial(): void {
    this.#startedAt ??= this.#now();
    this.#trials++;
  }

  spend(deviceMs: number): void {
    this.#deviceMs += deviceMs;
  }
}
