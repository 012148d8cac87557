import { describe, expect, test } from 'vitest';
import { memorySource, type ByteSource } from '../../src/checkpoint/byte-source.ts';
import { RealizarError } from '../../src/errors.ts';
import { openGguf } from '../../src/gguf/open.ts';
import { writeGguf, type GgufDescription, type GgufValue } from '../support/gguf-writer.ts';
import { expectRefusal } from '../support/refusals.ts';

type Entries = NonNullable<GgufDescription['metadata']>;
const u16 = (value: number): GgufValue => ({ type: 'u16', value });

/** One part with one tensor whose bytes are all its number. */
function part(no: number, count: number, extra: Entries = [], tensorCount = count, name = `tensor${no}`): Uint8Array {
  const metadata: Entries = [
    ['split.no', u16(no)],
    ['split.count', u16(count)],
    ['split.tensors.count', { type: 'i32', value: tensorCount }],
    ...extra,
  ];
  return writeGguf({ metadata, tensors: [{ name, ggmlType: 24, shape: [4], data: new Uint8Array(4).fill(no) }] });
}

const fileName = (no: number, count: number) => `big-0000${no + 1}-of-0000${count}.gguf`;

/** A folder in memory; counts what is open. */
function folder(parts: readonly Uint8Array[]) {
  const files = new Map(parts.map((bytes, i) => [fileName(i, parts.length), bytes]));
  const state = { open: 0, asked: [] as string[] };
  const open = async (name: string): Promise<ByteSource> => {
    state.asked.push(name);
    const bytes = files.get(name);
    if (bytes === undefined) throw new RealizarError('file-not-found', `${name} does not exist`);
    state.open++;
    return { ...memorySource(bytes, `/models/${name}`), close: async () => void state.open-- };
  };
  return { files, state, open };
}

const three = () => [
  part(0, 3, [['general.architecture', { type: 'string', value: 'llama' }]]),
  part(1, 3),
  part(2, 3),
];

async function refusedFolder(
  parts: readonly Uint8Array[],
  ...expected: Parameters<typeof expectRefusal> extends [unknown, ...infer Rest] ? Rest : never
): Promise<void> {
  const { open, state } = folder(parts);
  const first = await open(fileName(0, parts.length));
  await expectRefusal(() => openGguf(first, open), ...expected);
  expect(state.open).toBe(0);
}

describe('a split model', () => {
  test('is opened by its first part, and its tensors are those of all parts', async () => {
    const { open, state } = folder(three());
    const checkpoint = await openGguf(await open(fileName(0, 3)), open);
    expect(checkpoint).toMatchObject({ name: 'big', byteLength: three().reduce((sum, { length }) => sum + length, 0) });
    expect([...checkpoint.tensors.keys()]).toEqual(['tensor0', 'tensor1', 'tensor2']);
    for (const tensor of checkpoint.tensors.values())
      expect(await checkpoint.read(tensor)).toEqual(new Uint8Array(4).fill(Number(tensor.name.at(-1))));
    expect(checkpoint.metadata.get('general.architecture')).toBe('llama');
    expect(state.asked.slice(1)).toEqual([fileName(1, 3), fileName(2, 3)]);
    await checkpoint.close();
    expect(state.open).toBe(0);
  });

  test('of one part is a whole file, whatever its name', async () => {
    const checkpoint = await openGguf(memorySource(part(0, 1), 'renamed.gguf'));
    expect(checkpoint.tensors.size).toBe(1);
  });
});

describe('G19: a split model is refused', () => {
  test('where a part is missing', async () => {
    const { open, files, state } = folder(three());
    files.delete(fileName(2, 3));
    const first = await open(fileName(0, 3));
    await expectRefusal(() => openGguf(first, open), 'missing-file', fileName(2, 3), 'not beside it');
    expect(state.open).toBe(0);
  });
  test('where nobody can open further parts', () =>
    expectRefusal(() => openGguf(memorySource(part(0, 3), fileName(0, 3))), 'missing-file', fileName(1, 3)));
  test('where a part is broken', () =>
    refusedFolder([part(0, 2), part(1, 2).subarray(0, -1)], 'out-of-bounds', fileName(1, 2)));
  test('given a later part', () =>
    expectRefusal(
      () => openGguf(memorySource(part(1, 3), fileName(1, 3))),
      'bad-value',
      'part 2 of 3',
      '00001-of-00003',
    ));
  test('where the name says another count', () =>
    expectRefusal(
      () => openGguf(memorySource(part(0, 3), fileName(0, 4))),
      'bad-value',
      'split.count',
      '00001-of-00003',
    ));
  test('where the name leads elsewhere', () =>
    expectRefusal(() => openGguf(memorySource(part(0, 2), '../x')), 'bad-value', 'split.count'));
  test('where split.count is 65535', () =>
    expectRefusal(() => openGguf(memorySource(part(0, 65_535), 'a-00001-of-65535.gguf')), 'bad-hparam', 'split.count'));
  test('where split.no is not below the count', () =>
    expectRefusal(() => openGguf(memorySource(part(3, 3), fileName(0, 3))), 'bad-hparam', 'split.no'));
  test('where two parts have one number', () =>
    refusedFolder([part(0, 3), part(1, 3), part(1, 3)], 'bad-value', 'split.no', fileName(2, 3)));
  test('where the parts are of two models', async () => {
    const llama: Entries = [['general.architecture', { type: 'string', value: 'llama' }]];
    const qwen: Entries = [['general.architecture', { type: 'string', value: 'qwen2' }]];
    await refusedFolder([part(0, 2, llama), part(1, 2, qwen)], 'bad-value', 'general.architecture', 'not of one model');
    await refusedFolder([part(0, 2, [], 2), part(1, 2, [], 3)], 'bad-value', 'split.tensors.count');
    await refusedFolder(
      [part(0, 2, [], 3), part(1, 2, [], 3)],
      'bad-value',
      '3 tensors are stated and the parts have 2',
    );
    await refusedFolder([part(0, 2), part(1, 2, [], 2, 'tensor0')], 'duplicate-name', 'tensor0');
  });
});
