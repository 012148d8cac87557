import { CHARACTER_OF_BYTE } from './byte-level.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What becomes of a part that has no token. */
export interface UnknownHandling {
  /** A character becomes the tokens `<0x00>` to `<0xFF>` of its bytes. */
  readonly byteFallback?: boolean;
  /** What it becomes otherwise; without it, nothing. */
  readonly unknownId?: number | undefined;
  /** Neighbouring unknown parts become one token. */
  readonly fuseUnknown?: boolean;
}

/** The smallest parts of a piece as ids, before any merge. */
export type Symbols = (piece: string) => Int32Array;

const encoder = new TextEncoder();

const MAX_KNOWN_CHARACTERS = 4096;

/** Bytes of UTF-8, each spelled as GPT-2 does. */
export function byteSymbols({ ids }: Vocabulary, { unknownId, fuseUnknown = false }: UnknownHandling): Symbols {
  const idOfByte = Int32Array.from(CHARACTER_OF_BYTE, (character) => ids.get(character) ?? -1);
  const complete = idOfByte.every((id) => id >= 0);
  return (piece) => {
    const bytes = encoder.encode(piece);
    const symbols = new Int32Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) symbols[i] = idOfByte[bytes[i]!]!;
    return complete ? symbols : resolveUnknown(symbols, unknownId, fuseUnknown);
  };
}

/** Characters (code points). */
export function characterSymbols(
  vocabulary: Vocabulary,
  { byteFallback = false, unknownId, fuseUnknown = false }: UnknownHandling,
): Symbols {
  const fallback = byteFallback ? byteFallbackOf(vocabulary) : () => undefined;
  return (piece) => {
    const symbols: number[] = [];
    for (const character of piece) {
      const id = vocabulary.ids.get(character);
      if (id !== undefined) symbols.push(id);
      else for (const byte of fallback(character) ?? [-1]) symbols.push(byte);
    }
    return resolveUnknown(Int32Array.from(symbols), unknownId, fuseUnknown);
  };
}

/** A character as the tokens `<0x00>` to `<0xFF>` of its bytes, if the vocabulary has those of all of them. */
export function byteFallbackOf({ ids }: Vocabulary): (character: string) => Int32Array | undefined {
  const idOfByte = Int32Array.from({ length: 256 }, (_, byte) => ids.get(byteToken(byte)) ?? -1);
  const spell = (character: string): Int32Array | undefined => {
    const symbols = Int32Array.from(encoder.encode(character), (byte) => idOfByte[byte]!);
    return symbols.includes(-1) ? undefined : symbols;
  };
  const known = new Map<string, Int32Array | undefined>();
  return (character) => {
    if (known.has(character)) return known.get(character);
    const symbols = spell(character);
    if (known.size < MAX_KNOWN_CHARACTERS) known.set(character, symbols);
    return symbols;
  };
}

/** `<0x0A>`. */
export const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

/** The byte that `<0x0A>` stands for. */
export function byteOfToken(token: string): number | undefined {
  const digits = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** Replaces -1 by the unknown token, or leaves it out. */
function resolveUnknown(symbols: Int32Array, unknownId: number | undefined, fuse: boolean): Int32Array {
  let count = 0;
  let lastUnknown = false;
  for (const symbol of symbols) {
    const unknown = symbol < 0;
    if (!unknown) symbols[count++] = symbol;
    else if (unknownId !== undefined && !(fuse && lastUnknown)) symbols[count++] = unknownId;
    lastUnknown = unknown;
  }
  return symbols.subarray(0, count);
}
