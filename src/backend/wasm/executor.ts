/** Who runs a recorded list. */
export interface Executor {
  readonly threads: number;
  /** Runs the list that begins at `list`. @throws RealizarError `closed` when its threads died or `dispose` was called */
  run(list: number): Promise<void>;
  dispose(): Promise<void>;
}
