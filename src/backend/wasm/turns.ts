/** Jobs that take turns: each begins when those before it have ended, well or not; at once if there are none. */
export class Turns {
  #last: Promise<unknown> | undefined;

  async take<T>(job: () => Promise<T>): Promise<T> {
    const turn = this.#last ? this.#last.then(job, job) : job();
    this.#last = turn;
    try {
      return await turn;
    } finally {
      if (this.#last === turn) this.#last = undefined;
    }
  }
}
