/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

export interface MutableFile {
  readonly bytes: Uint8Array;
  /** Where numbers stand, if known. */
  readonly fields?: readonly { readonly offset: number; readonly size: 1 | 2 | 4 | 8 }[];
}

/** What counts, lengths and offsets have been attacked with. */
const HOSTILE = [
  0n,
  1n,
  2n,
  255n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 46n,
  2n ** 53n + 1n,
  2n ** 60n,
  2n ** 63n,
  2n ** 64n - 1n,
];

const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)]!;

/** One to four kinds of damage, in places that matter where they are known. */
export function mutate(file: MutableFile, random: Random): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(file.bytes);
  for (let left = 1 + Math.floor(random() * 4); left > 0 && bytes.length > 0; left--)
    bytes = pick(random, damages)(bytes, file, random);
  return bytes;
}

type Damage = (bytes: Uint8Array<ArrayBuffer>, file: MutableFile, random: Random) => Uint8Array<ArrayBuffer>;

const hostileField: Damage = (bytes, { fields = [] }, random) => {
  if (fields.length === 0) return randomByte(bytes, { bytes }, random);
  const { offset, size } = pick(random, fields);
  const value = pick(random, HOSTILE);
  for (let i = 0; i < size && offset + i < bytes.length; i++)
    bytes[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
};

const nearbyField: Damage = (bytes, { fields = [] }, random) => {
  if (fields.length === 0) return flippedBit(bytes, { bytes }, random);
  const { offset } = pick(random, fields);
  if (offset < bytes.length) bytes[offset] = bytes[offset]! + (random() < 0.5 ? 1 : -1);
  return bytes;
};

const randomByte: Damage = (bytes, _, random) => {
  bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  return bytes;
};

const flippedBit: Damage = (bytes, _, random) => {
  const i = Math.floor(random() * bytes.length);
  bytes[i] = bytes[i]! ^ (1 << Math.floor(random() * 8));
  return bytes;
};

const cut: Damage = (bytes, _, random) => bytes.slice(0, Math.floor(random() * bytes.length));

const removed: Damage = (bytes, _, random) => {
  const start = Math.floor(random() * bytes.length);
  const end = start + Math.floor(random() * 9);
  return Uint8Array.from([...bytes.subarray(0, start), ...bytes.subarray(end)]);
};

const repeated: Damage = (bytes, _, random) => {
  const start = Math.floor(random() * bytes.length);
  const end = start + Math.floor(random() * 64);
  return Uint8Array.from([...bytes.subarray(0, end), ...bytes.subarray(start)]);
};

/** JSON's own characters, and numbers at the borders of what a count may be. */
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '-1',
  '1.5',
  '1e309',
  '9007199254740993',
  'null',
  '\\u0000',
  '"__proto__":',
  '{"a":1}',
  ' ',
];

const insertedText: Damage = (bytes, _, random) => {
  const at = Math.floor(random() * bytes.length);
  return Uint8Array.from([
    ...bytes.subarray(0, at),
    ...new TextEncoder().encode(pick(random, PIECES)),
    ...bytes.subarray(at),
  ]);
};

const damages: readonly Damage[] = [
  hostileField,
  hostileField,
  hostileField,
  nearbyField,
  randomByte,
  flippedBit,
  cut,
  removed,
  repeated,
  insertedText,
];
