/** A device that is lost more often than this is broken: going on would only hide it. */
const MAX_RESTORES = 10;
const WINDOW_MS = 60_000;

/** Allows a few restores a minute. */
export class RestoreBudget {
  /** When the last ones were, the oldest first. */
  #times: readonly number[] = [];

  /** @param now milliseconds */
  take(now: number): boolean {
    const recent = this.#times.filter((time) => now - time < WINDOW_MS);
    const isLeft = recent.length < MAX_RESTORES;
    this.#times = isLeft ? [...recent, now] : recent;
    return isLeft;
  }
}
