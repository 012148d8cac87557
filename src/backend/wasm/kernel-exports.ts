/** What assembly/index.ts exports. Pointers are byte offsets into the module's memory. */
export interface KernelExports {
  /** Walks a recorded list to its end as thread `thread` of `threads`. */
  run(list: number, thread: number, threads: number): void;

  /** One command of a list, as thread `thread`; see assembly/walk.ts. */
  work(command: number, thread: number): void;
  /** @returns the next command, 0 at the end */
  proceed(command: number, threads: number): number;

  init_linear(kernelSet: number, scratch: number, wide: number): void;
  linear_scratch_bytes(): number;
  /** The form in which a layout's kernels want activations. */
  form_of(layout: number): number;
  prepared_bytes(form: number, tokens: number, columns: number): number;

  /** Where the module's own data ends and ours may begin. */
  heap_base(): number;
}

/** What assembly/probe.ts exports. */
export interface ProbeExports {
  /** The engine's relaxed dot of four bytes (signed) with four. */
  readonly relaxedDot: (a: number, b: number) => number;
  /** Calls it often, so that it becomes hot code. */
  readonly relaxedDotOften: (a: number, b: number, times: number) => number;
}
