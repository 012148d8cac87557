import { mutate } from './mutate.ts';
import { writeRawSafetensors } from './safetensors-writer.ts';

const TOKEN = /"(?:[^"\\]|\\.)*"|\d+|[[\]{}:,]/g;
const HOSTILE = [
  '0',
  '1',
  '-1',
  '0.5',
  '1e309',
  '4294967296',
  '9007199254740993',
  '""',
  '"F32"',
  '"F4"',
  '"U8"',
  '"t"',
  '"__metadata__"',
  '[]',
  '[0,0]',
  '{}',
  'null',
  '[[[[[]]]]]',
  '"shape"',
];

/** Damage of two kinds: anywhere in the file, or one to three tokens of the header, with a length that fits. */
export function mutateSafetensors(file: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  if (random() < 0.4) return mutate({ bytes: file, fields: [{ offset: 0, size: 8 }] }, random);
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const tokens = new TextDecoder().decode(file.subarray(8, 8 + length)).match(TOKEN) ?? [];
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
    const values = [...tokens.keys()].filter((i) => /^["\d]/.test(tokens[i]!));
    const at = values[Math.floor(random() * values.length)] ?? 0;
    tokens[at] = HOSTILE[Math.floor(random() * HOSTILE.length)]!;
  }
  return writeRawSafetensors(tokens.join(''), file.subarray(8 + length));
}
