import type { Linear, ModelProducts } from '../../backend.ts';
import { asNumbers, asWeight, type GpuWeight } from '../gpu-tensor.ts';
import type { Gpu } from '../gpu.ts';
import { kindOf } from '../kernels/product-kind.ts';
import { isMultipliable, type ProductSpec } from '../kernels/product.ts';
import { bytesOnGpu } from '../upload.ts';

/** Products that the same kernels compute: one of each layer, or the logits'. */
export interface ProductKind {
  /** Of `kindOf`. */
  readonly name: string;
  /** Without biases, which cost next to nothing. */
  readonly products: readonly ProductSpec[];
  /** Of all their weights: what a step reads of them. */
  readonly bytes: number;
  /** Whether prompts have many rows of them. */
  readonly hasManyRows: boolean;
}

/** The products of a model, those that weigh most first. @throws RealizarError `invalid-argument` for another backend's weights */
export function productKinds(gpu: Gpu, model: ModelProducts): readonly ProductKind[] {
  const { normEps: eps } = model;
  const matrices = (linears: readonly Linear[]) => linears.map(({ weight }) => asWeight(gpu, weight, 'a weight'));
  const normOf = (norm: ModelProducts['outputNorm']) => ({ weight: asNumbers(gpu, norm, 'a norm').buffer, eps });
  const ofLayers = model.layers.flatMap(
    ({ attention, attentionOutput, feedForward, feedForwardDown }): readonly ProductSpec[] => [
      {
        form: 'store',
        matrices: matrices([attention.query, attention.key, attention.value]),
        norm: normOf(attention.norm),
      },
      { form: 'add', matrices: matrices([attentionOutput]) },
      { form: 'gated', matrices: matrices([feedForward.gate, feedForward.up]), norm: normOf(feedForward.norm) },
      { form: 'add', matrices: matrices([feedForwardDown]) },
    ],
  );
  const logits: ProductSpec = { form: 'store', matrices: matrices([model.head]), norm: normOf(model.outputNorm) };
  return [...grouped(ofLayers, true), ...grouped([logits], false)].toSorted((a, b) => b.bytes - a.bytes);
}

function grouped(products: readonly ProductSpec[], hasManyRows: boolean): readonly ProductKind[] {
  const multipliable = products.filter(({ matrices }) => matrices.every(isMultipliable));
  return [...Map.groupBy(multipliable, kindOf)].map(([name, same]) => {
    const bytes = same.reduce((sum, { matrices }) => sum + matrices.reduce((all, each) => all + bytesOf(each), 0), 0);
    return { name, products: same, bytes, hasManyRows };
  });
}

const bytesOf = ({ format, shape }: GpuWeight): number => bytesOnGpu(format, shape[0]!, shape[1]!);
