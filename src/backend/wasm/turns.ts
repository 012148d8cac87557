/** Jobs that take turns: each begins when those before it have ended, well or not; at once if there are none. */
export class Turns {
  #last: Promise<unknown> | undefined;

  /** Not async: a promise more would be felt where a job takes microseconds. */
  take<T>(job: () => Promise<T>): Promise<T> {
    const turn = this.#last ? this.#last.then(job, job) : job();
    const end = (): void => {
      if (this.#last === turn) this.#last = undefined;
    };
    this.#last = turn;
    turn.then(end, end);
    return turn;
  }
}
