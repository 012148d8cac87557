type Waiter<T> = {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
};

/** What one side pushes, the other awaits, in order and exactly once. For one reader. */
export class AsyncQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #items: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  readonly #onReturn: () => void;
  readonly #onNext: () => void;
  #end: { readonly error?: unknown } | undefined;

  /**
   * @param onReturn called when the reader leaves before the end
   * @param onNext   called when the reader has taken all there is and waits for more
   */
  constructor(onReturn: () => void = () => {}, onNext: () => void = () => {}) {
    this.#onReturn = onReturn;
    this.#onNext = onNext;
  }

  push(item: T): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#items.push(item);
    else waiter.resolve({ value: item, done: false });
  }

  /** Nothing comes after what was pushed. */
  close(): void {
    this.#finish({});
  }

  /** The reader gets what was pushed, then this error. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) return Promise.resolve({ value: this.#items.shift()!, done: false });
    if (this.#end !== undefined) return this.#ended();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#onNext();
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    if (this.#end === undefined) this.#onReturn();
    this.#items.length = 0;
    this.#finish({});
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    for (const waiter of this.#waiters.splice(0)) this.#ended().then(waiter.resolve, waiter.reject);
  }

  /** An error is told once; after it the queue is simply at its end. */
  #ended(): Promise<IteratorResult<T, undefined>> {
    const end = this.#end;
    this.#end = {};
    if (end !== undefined && 'error' in end) return Promise.reject(end.error);
    return Promise.resolve({ value: undefined, done: true });
  }
}
