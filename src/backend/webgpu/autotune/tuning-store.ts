/** Where choices outlive a process or page. Nothing of it ever fails: what cannot be kept is measured again. */
export interface TuningStore {
  /** What was kept under a key, which may be anything by now; undefined where there is nothing. */
  get(key: string): Promise<unknown>;
  put(entries: ReadonlyMap<string, unknown>): Promise<void>;
}
