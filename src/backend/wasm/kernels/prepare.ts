import { floatBits } from '../command-list.ts';
import { PREPARE } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { wholeCacheLines } from '../round-up.ts';
import type { WasmTensor } from '../tensor.ts';

/** Up to this many numbers every thread prepares for itself: cheaper than to share the work and wait for each other. */
const ALONE_NUMBERS = 8192;

/** Tokens of a chunk where the work is shared: kernels read them in tiles of six. */
const TOKENS_PER_CHUNK = 6;

/** Activations in the form that a layout's matrix products read. */
export interface Prepared {
  readonly pointer: number;
  /** From one thread's copy to the next; 0 where all share one. */
  readonly threadBytes: number;
}

export interface Norm {
  /** [columns] */
  readonly weight: WasmTensor;
  readonly epsilon: number;
}

/**
 * Records the preparation of `x` [tokens, columns] (after a norm, if given) for weights of the given layouts.
 * @returns by layout
 */
export function prepare(
  recorder: Recorder,
  x: number,
  tokens: number,
  columns: number,
  layouts: readonly number[],
  norm?: Norm,
): (layout: number) => Prepared {
  const forms = [...new Set(layouts.map((layout) => recorder.formOf(layout)))];
  const prepared = forms.map((form, i) => {
    const isLast = i === forms.length - 1;
    return prepareForm(recorder, x, tokens, columns, form, isLast, norm);
  });
  return (layout) => prepared[forms.indexOf(recorder.formOf(layout))]!;
}

function prepareForm(
  recorder: Recorder,
  x: number,
  tokens: number,
  columns: number,
  form: number,
  isLast: boolean,
  norm: Norm | undefined,
): Prepared {
  const { activations, commands, threads } = recorder;
  const alone = threads > 1 && tokens * columns <= ALONE_NUMBERS;
  const bytes = wholeCacheLines(recorder.preparedBytes(form, tokens, columns));
  const pointer = activations.allocate(alone ? bytes * threads : bytes);
  const threadBytes = alone ? bytes : 0;
  const tokensPerChunk = alone ? 0 : TOKENS_PER_CHUNK;
  const rowScratch = norm ? activations.allocate(threads * columns * 4) : 0;
  const args = [
    form,
    x,
    columns,
    tokens,
    norm ? norm.weight.pointer : 0,
    norm ? floatBits(norm.epsilon) : 0,
    pointer,
    tokensPerChunk,
    threadBytes,
    rowScratch,
  ];
  if (alone) commands.record(PREPARE, 'every-thread', args, 'then-go-on');
  else commands.record(PREPARE, Math.ceil(tokens / TOKENS_PER_CHUNK), args, isLast ? 'then-wait' : 'then-go-on');
  return { pointer, threadBytes };
}
