import type { KvShape, MemoryPart, MemoryPlan } from '../backend/backend.ts';
import type { TensorInfo } from '../checkpoint/checkpoint.ts';

/**
 * A model's weights by the ops that they take part in: the embedding, every layer, the output. A head that is the embedding
 * once more has its norm there too.
 */
export function memoryPlan(tensors: readonly TensorInfo[], kvCache: KvShape): MemoryPlan {
  const isTied = !tensors.some(({ name }) => name === 'output.weight');
  const embedding: TensorInfo[] = [];
  const output: TensorInfo[] = [];
  const layers = Array.from({ length: kvCache.numLayers }, (): TensorInfo[] => []);
  for (const tensor of tensors) {
    const layer = /^blk\.(\d+)\./.exec(tensor.name)?.[1];
    if (layer !== undefined) layers[Number(layer)]!.push(tensor);
    else if (isTied || tensor.name === 'token_embd.weight') embedding.push(tensor);
    else output.push(tensor);
  }
  const parts: MemoryPart[] = [
    { weights: embedding },
    ...layers.map((weights, layer) => ({ weights, layer })),
    { weights: output },
  ];
  return { parts: parts.filter(({ weights }) => weights.length > 0), kvCache };
}
