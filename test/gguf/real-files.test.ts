// Second opinion: @huggingface/gguf reads the same files independently.
import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import { expect, test } from 'vitest';
import { fileSource } from '../../src/checkpoint/byte-source.node.ts';
import { openGguf } from '../../src/gguf/open.ts';
import { derivedModel, describeWithInputs, sharedPath } from '../support/inputs.ts';

const files = [
  sharedPath('models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf'),
  sharedPath('models/demo.gguf'),
  sharedPath('models/llama2-tokenizer/vocab.gguf'),
  sharedPath('reference/tiny/qwen3/model.gguf'),
  sharedPath('reference/tiny/rope-yarn/model.gguf'),
  sharedPath('reference/tiny/kquant/model.Q2_K.gguf'),
  sharedPath('reference/tiny/kquant/model.Q5_K.gguf'),
  derivedModel('SmolLM2-135M-Instruct.Q8_0.gguf'),
];

/**
 * Arrays as plain arrays and integers as bigint: the two readers choose other JavaScript types for the same numbers. The
 * other one also loses a byte order mark at the start of a text, which is a token of some vocabularies.
 */
const plain = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return Array.from(value as ArrayLike<unknown>, plain);
  if (typeof value === 'string') return value.replace(/^\uFEFF/, '');
  return Number.isInteger(value) ? BigInt(value as number) : value;
};

describeWithInputs('a file from elsewhere', files, () => {
  test.each(files)('has the metadata and tensors that another reader finds: %s', async (path) => {
    const theirs = await gguf(path, { allowLocalFile: true });
    const ours = await openGguf(await fileSource(path));
    const { version, tensor_count, kv_count, ...metadata } = theirs.metadata as Record<string, unknown>;
    expect([...ours.metadata].map(([key, value]) => [key, plain(value)])).toEqual(
      Object.entries(metadata).map(([key, value]) => [key, plain(value)]),
    );
    expect([version, tensor_count, kv_count].map(Number)).toEqual([3, ours.tensors.size, ours.metadata.size]);
    expect([...ours.tensors.values()].map(({ name, shape, dtype }) => ({ name, shape, dtype }))).toEqual(
      theirs.tensorInfos.map(({ name, shape, dtype }) => ({
        name,
        shape: shape.map(Number).toReversed(),
        dtype: GGMLQuantizationType[dtype].toLowerCase(),
      })),
    );
    await ours.close();
  });
});
