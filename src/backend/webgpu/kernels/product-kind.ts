import type { ProductSpec } from './product.ts';

/** What the kernels of a product depend on, such as `gated 2048×5632+5632 q4_0`: form, inputs × outputs of each matrix, formats. */
export function kindOf({ form, matrices }: Pick<ProductSpec, 'form' | 'matrices'>): string {
  const formats = new Set(matrices.map(({ format }) => format));
  const outputs = matrices.map(({ shape }) => shape[0]).join('+');
  return `${form} ${matrices[0]!.shape[1]}×${outputs} ${[...formats].join('+')}`;
}
