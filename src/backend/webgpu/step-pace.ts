/** Of the time that such a step took before; the rest of it is for steps that are faster this time. */
const RESTED_SHARE = 0.75;
/** Timers are late by a millisecond or two. */
const MIN_REST_MS = 4;
/** A device that is lost, or has suddenly become fast, is noticed after that. */
const MAX_REST_MS = 250;

/**
 * Lets the thread rest while the device computes. Dawn in Node looks for news in every turn of the event loop for as long as
 * something of it is awaited: that keeps a core busy and leaves some 200 MB of garbage a second, which costs a pause of 20 ms or
 * more every few steps. So a step is asked for only when it should be nearly done. Pages need no such thing: browsers tell by themselves.
 */
export class StepPace {
  /** Milliseconds that the latest step took, by its rows. */
  readonly #took = new Map<number, number>();
  #before: Promise<unknown> = Promise.resolve();

  /**
   * Call it in the order of submits.
   * @param rows of the step; 0: it is no step, and nothing is known of it
   * @param ask waits for the device
   */
  read<T>(rows: number, ask: () => Promise<T>): Promise<T> {
    const reading = this.#read(this.#before, rows, ask);
    this.#before = reading.catch(() => {}); // whoever reads hears of it
    return reading;
  }

  async #read<T>(before: Promise<unknown>, rows: number, ask: () => Promise<T>): Promise<T> {
    await before;
    const startedAt = performance.now();
    const rest = Math.min(RESTED_SHARE * (this.#took.get(rows) ?? 0), MAX_REST_MS);
    if (rest >= MIN_REST_MS) await new Promise((done) => setTimeout(done, rest));
    const result = await ask();
    if (rows > 0) this.#took.set(rows, performance.now() - startedAt);
    return result;
  }
}
