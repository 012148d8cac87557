import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../src/checkpoint/byte-source.ts';
import { openSafetensors } from '../../src/safetensors/open.ts';
import { parseSafetensorsHeader } from '../../src/safetensors/parse.ts';
import { writeSafetensors } from '../../src/safetensors/write.ts';
import { derivedModel, describeWithInputs } from '../support/inputs.ts';
import { expectRefusal } from '../support/refusals.ts';
import { safetensorsDescription } from '../support/safetensors-arbitrary.ts';
import { fileSource } from '../../src/checkpoint/byte-source.node.ts';

describe('a valid file', () => {
  test('of any content is read as it was written', () => {
    fc.assert(
      fc.property(safetensorsDescription(), ({ tensors, metadata }) => {
        const file = writeSafetensors(tensors, metadata);
        const header = parseSafetensorsHeader(file);
        expect(Object.fromEntries(header.metadata)).toEqual({ ...metadata });
        expect(header.tensors.size).toBe(tensors.size);
        for (const [name, { dtype, shape, data }] of tensors) {
          const tensor = header.tensors.get(name)!;
          expect(tensor).toMatchObject({ name, dtype, shape, byteLength: data.byteLength });
          expect(file.slice(tensor.offset, tensor.offset + tensor.byteLength)).toEqual(data);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('is read by ranges: its header, then what is asked for', async () => {
    const file = writeSafetensors({
      a: { dtype: 'U8', shape: [4], data: Uint8Array.of(1, 2, 3, 4) },
      b: { dtype: 'U8', shape: [2], data: Uint8Array.of(5, 6) },
    });
    const ranges: [number, number][] = [];
    const source = memorySource(file);
    const open = await openSafetensors({
      ...source,
      read: (start, end, into) => (ranges.push([start, end]), source.read(start, end, into)),
    });
    expect(open.byteLength).toBe(file.length);
    expect(await open.read('a', 1, 3)).toEqual(Uint8Array.of(2, 3));
    expect(await open.read('b', 0, 2, new Uint8Array(2))).toEqual(Uint8Array.of(5, 6));
    expect(ranges.slice(0, 2)).toEqual([
      [0, 8],
      [0, file.length - 6],
    ]);
    await expectRefusal(() => open.read('c'), 'missing-tensor', 'no tensor c');
    await expectRefusal(() => open.read('b', 0, 3), 'out-of-bounds', 'b');
    await open.close();
  });
});

test('a file that is cut anywhere is refused', async () => {
  const file = writeSafetensors(
    { weight: { dtype: 'F32', shape: [2, 2], data: new Float32Array(4) } },
    { format: 'pt' },
  );
  for (let length = 0; length < file.length; length++)
    await expectRefusal(
      () => parseSafetensorsHeader(file.subarray(0, length)),
      expect.stringMatching(/truncated|bad-length/) as never,
    );
});

test('a source is closed when its file is not sound', async () => {
  let closed = 0;
  await expectRefusal(
    () => openSafetensors({ ...memorySource(new Uint8Array(20)), close: async () => void closed++ }),
    'bad-length',
  );
  expect(closed).toBe(1);
});

const real = derivedModel('SmolLM2-135M-Instruct/model.safetensors');
describeWithInputs('a file from elsewhere', [real], () => {
  test('is read', async () => {
    const file = await openSafetensors(await fileSource(real));
    expect(file.tensors.size).toBe(272);
    expect(file.tensors.get('model.embed_tokens.weight')).toMatchObject({ dtype: 'F16', shape: [49_152, 576] });
    await file.close();
  });
});
