/** Who runs a recorded list. */
export interface Executor {
  readonly threads: number;
  /** Runs the list that begins at `list`. @throws RealizarError `closed` when its threads died or `dispose` was called */
  run(list: number): Promise<void>;
  /** From now on, runs write to memory how long each command took; see profile.ts. Absent where nobody can. */
  writeTimesTo?(pointer: number, numbers: number): void;
  dispose(): Promise<void>;
}
