import { type DType, formats } from '../../../src/dtype/index.ts';

/** Every dtype that models keep weights in. */
export const weightDtypes = [
  'f32',
  'f16',
  'bf16',
  'q4_0',
  'q4_1',
  'q5_0',
  'q5_1',
  'q8_0',
  'q2_k',
  'q3_k',
  'q4_k',
  'q5_k',
  'q6_k',
] as const satisfies readonly DType[];

export interface LinearShape {
  readonly outputs: number;
  readonly inputs: number;
  readonly tokens: number;
}

/**
 * Outputs that fill whole panels of 8 rows and that do not; inputs of one block, of no whole number of vectors, and
 * long ones; token counts around every tile size. Each number meets several others, not all.
 */
const shapes: readonly LinearShape[] = [
  { outputs: 8, inputs: 5632, tokens: 1 },
  { outputs: 24, inputs: 256, tokens: 2 },
  { outputs: 32, inputs: 576, tokens: 3 },
  { outputs: 40, inputs: 32, tokens: 5 },
  { outputs: 7, inputs: 256, tokens: 6 },
  { outputs: 37, inputs: 576, tokens: 7 },
  { outputs: 32, inputs: 32, tokens: 13 },
  { outputs: 40, inputs: 576, tokens: 64 },
  { outputs: 7, inputs: 40, tokens: 1 },
  { outputs: 37, inputs: 40, tokens: 13 },
  { outputs: 1, inputs: 768, tokens: 13 },
  { outputs: 1024, inputs: 512, tokens: 4 },
];

/** The shapes whose rows are whole blocks of `dtype`. */
export const shapesOf = (dtype: DType): readonly LinearShape[] =>
  shapes.filter(({ inputs }) => inputs % formats[dtype].blockSize === 0);
