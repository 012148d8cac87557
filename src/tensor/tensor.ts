import { RealizarError } from '../errors.ts';
import type { DType } from '../dtype/index.ts';
import { sameItems } from './same-items.ts';

/** A shape, a dtype, and a buffer that a backend owns. Shapes are slowest-first: a matrix is [rows, columns]. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Numbers of a tensor; [] is one. */
export const countOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** `[rows, width]` of a tensor read as a matrix: all leading dimensions are rows. */
export const rowsOf = ({ shape }: Tensor): readonly [rows: number, width: number] => [
  countOf(shape.slice(0, -1)),
  shape.at(-1) ?? 1,
];

/** @throws RealizarError `shape-mismatch`, naming `what` */
export function assertShape(tensor: Tensor, shape: readonly number[], what: string): void {
  if (sameItems(tensor.shape, shape)) return;
  throw new RealizarError(
    'shape-mismatch',
    `${what} is [${tensor.shape.join(', ')}] and has to be [${shape.join(', ')}]`,
    { field: what },
  );
}
