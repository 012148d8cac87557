import { writeSafetensors } from '../../src/safetensors/write.ts';
import {
  startGguf,
  writeEntry,
  writeGguf,
  writeTableEntry,
  type GgufTensorDescription,
  type TableEntry,
} from './gguf-writer.ts';
import { mutate, randomNumbers } from './mutate.ts';
import { writeRawSafetensors } from './safetensors-writer.ts';

const text = (value: string) => new TextEncoder().encode(value);

function oneTensor(entry: TableEntry, dataBytes = 128): Uint8Array {
  return writeTableEntry(writeEntry(startGguf(1, 1), 'general.architecture', { type: 'string', value: 'llama' }), entry)
    .padTo(32)
    .bytes(new Uint8Array(dataBytes))
    .finish();
}

function nestedArrays(depth: number): Uint8Array {
  const writer = startGguf(0, 1).string('key').u32(9);
  for (let i = 0; i < depth; i++) writer.u32(9).u64(1);
  return writer.finish();
}

/** A sound model that says it is another. @param name as long as the one in the file, `llama` */
function withArchitecture(sound: Uint8Array, name: string): Uint8Array {
  const copy = Uint8Array.from(sound);
  const key = Buffer.from(copy.buffer).indexOf('general.architecture');
  const value = Buffer.from(copy.buffer).indexOf('llama', key);
  copy.set(text(name), value);
  return copy;
}

/** GGUF files that have to be refused. @param sound a model that works; some are made of it */
export function brokenGgufs(sound: Uint8Array): Map<string, Uint8Array> {
  const tensor: GgufTensorDescription = { name: 't', ggmlType: 0, shape: [32], data: new Uint8Array(128) };
  const architecture = (value: string) =>
    writeGguf({ metadata: [['general.architecture', { type: 'string', value }]], tensors: [tensor] });
  const strings = 2 ** 20;
  return new Map([
    ['empty', new Uint8Array()],
    ['three bytes', text('GGU')],
    ['other magic', text('GGML'.repeat(100))],
    ...[10, 100, 1000, 50_000].map((length) => [`cut at ${length}`, sound.subarray(0, length)] as const),
    ['cut by one byte', sound.subarray(0, -1)],
    ['cut in half', sound.subarray(0, sound.length / 2)],
    [
      '2^60 tensors',
      startGguf(2n ** 60n, 0)
        .bytes(new Uint8Array(76))
        .finish(),
    ],
    [
      '2^60 metadata',
      startGguf(0, 2n ** 60n)
        .bytes(new Uint8Array(76))
        .finish(),
    ],
    [
      'a text of 2^46 bytes',
      startGguf(0, 1)
        .string('key')
        .u32(8)
        .u64(2n ** 46n)
        .bytes(new Uint8Array(99))
        .finish(),
    ],
    [
      'an array of 2^60 numbers',
      startGguf(0, 1)
        .string('key')
        .u32(9)
        .u32(4)
        .u64(2n ** 60n)
        .bytes(new Uint8Array(99))
        .finish(),
    ],
    [
      'a million texts',
      startGguf(0, 1)
        .string('key')
        .u32(9)
        .u32(8)
        .u64(strings)
        .bytes(new Uint8Array(8 * strings))
        .finish(),
    ],
    ['arrays nested 400,000 deep', nestedArrays(400_000)],
    ['a shape that overflows', oneTensor({ dims: [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1] })],
    ['a shape of 2^63', oneTensor({ dims: [2n ** 63n] })],
    ['offset outside', oneTensor({ offset: 2n ** 40n })],
    ['offset of 2^64 - 32', oneTensor({ offset: 2n ** 64n - 32n })],
    ['unknown type', oneTensor({ ggmlType: 77 })],
    ['unknown architecture', withArchitecture(sound, 'flamm')],
    ['unknown architecture and no tokenizer', architecture('flux')],
    ['nothing but an architecture', architecture('llama')],
    ['no metadata', writeGguf({ tensors: [tensor] })],
  ]);
}

/** Files made of a sound one by damage to its first bytes; most have to be refused, and none may do worse. */
export function damagedGgufs(sound: Uint8Array, count: number): Map<string, Uint8Array> {
  const header = 4096;
  return new Map(
    Array.from({ length: count }, (_, seed) => {
      const damaged = mutate({ bytes: sound.subarray(0, header) }, randomNumbers(seed));
      return [`random damage ${seed}`, Uint8Array.from([...damaged, ...sound.subarray(header)])] as const;
    }),
  );
}

const one = (entry: string, data = new Uint8Array(16)) => writeRawSafetensors(`{${entry}}`, data);
const tensor = (name: string, offsets: string) => `"${name}":{"dtype":"F32","shape":[2,2],"data_offsets":${offsets}}`;

/** `model.safetensors` files that have to be refused. */
export function brokenSafetensors(): Map<string, Uint8Array> {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => `"t${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join(',');
  return new Map([
    ['empty', new Uint8Array()],
    ['a header of 2^63 bytes', writeRawSafetensors('{}', new Uint8Array(99), 2n ** 63n)],
    ['a header of 90 MB', writeRawSafetensors(new Uint8Array(90e6).fill(0x20))],
    ['a header of 32 MiB of numbers', writeRawSafetensors(`{"t":{"shape":[${'1,'.repeat(2 ** 24 - 20)}1]}}`)],
    ['a header of one long name', writeRawSafetensors(`{"${'n'.repeat(33e6)}":1}`)],
    ['a header 100,000 deep', writeRawSafetensors(`{"t":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)],
    ['65,536 tensors that are not the model', writeRawSafetensors(`{${many(65_536)}}`)],
    ['100,000 tensors', writeRawSafetensors(`{${many(100_000)}}`)],
    ['overlapping tensors', one(`${tensor('a', '[0,16]')},${tensor('b', '[0,16]')}`)],
    ['a hole', one(tensor('a', '[16,32]'), new Uint8Array(32))],
    ['offsets outside', one(tensor('a', '[0,16]'), new Uint8Array(8))],
    ['a name twice', one(`${tensor('a', '[0,16]')},${tensor('a', '[0,16]')}`)],
    ['not JSON', writeRawSafetensors('{nonsense}')],
    ['missing tensors', writeSafetensors({})],
  ]);
}
