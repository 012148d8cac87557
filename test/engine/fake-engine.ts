import { Engine, type EngineParts } from '../../src/engine/engine.ts';
import { FakeModel, type FakeModelOptions } from './fake-model.ts';
import { fakeTokenizer } from './fake-tokenizer.ts';

type Options = Partial<FakeModelOptions> &
  Partial<Pick<EngineParts, 'maxSequences' | 'chunkSize' | 'tokenizer' | 'chatTemplate'>>;

/** An engine whose model is a fake one, and that model. */
export function fakeEngine({ maxSequences, chunkSize, tokenizer, chatTemplate, ...options }: Options = {}) {
  const model = new FakeModel({ numBlocks: 32, blockSize: 4, ...options });
  const engine = new Engine({
    modelId: 'fake',
    model,
    tokenizer: tokenizer ?? fakeTokenizer,
    chatTemplate,
    maxSequences: maxSequences ?? 4,
    chunkSize: chunkSize ?? 16,
  });
  return { engine, model };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
