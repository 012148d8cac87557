import { RealizarError } from '../errors.ts';

const NUL = 0;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * SentencePiece's precompiled normalisation: a double-array trie (darts-clone) from UTF-8 to replacements.
 *
 *     trie bytes: u32 | trie: u32 × n | replacements, each ended by NUL
 *
 * A unit of the trie: label in bits 0-7 and 31 | has a value: bit 8 | offset: bits 10-30, shifted by 8 if bit 9 is set.
 */
export class Charsmap {
  private readonly units: Uint32Array;
  private readonly replacements: Uint8Array;

  /** @throws RealizarError `bad-tokenizer` for a trie that is not there */
  constructor(blob: Uint8Array, field: string) {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const trieBytes = blob.length >= 4 ? view.getUint32(0, true) : 0;
    if (trieBytes === 0 || trieBytes % 4 !== 0 || trieBytes > blob.length - 4)
      throw new RealizarError(
        'bad-tokenizer',
        `${field} holds ${blob.length} bytes but announces a trie of ${trieBytes}`,
        { field },
      );
    this.units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) => view.getUint32(4 + index * 4, true));
    this.replacements = blob.subarray(4 + trieBytes);
  }

  /** Replaces the longest known prefix again and again, as SentencePiece does. */
  replaceAll(text: string): string {
    const bytes = encoder.encode(text);
    const parts: string[] = [];
    let copied = 0;
    for (let at = 0; at < bytes.length;) {
      const { length, value } = this.longestPrefix(bytes, at);
      if (length === 0) {
        at += lengthOfCharacter(bytes[at]!);
        continue;
      }
      parts.push(decoder.decode(bytes.subarray(copied, at)), this.replacement(value));
      copied = at += length;
    }
    return copied === 0 ? text : parts.join('') + decoder.decode(bytes.subarray(copied));
  }

  /** The replacement of the shortest known prefix of `text`, which is what Hugging Face's port looks up. */
  replacementOf(text: string): string | undefined {
    const { length, value } = this.prefix(encoder.encode(text), 0, true);
    return length === 0 ? undefined : this.replacement(value);
  }

  private longestPrefix(bytes: Uint8Array, start: number): { length: number; value: number } {
    return this.prefix(bytes, start, false);
  }

  private prefix(bytes: Uint8Array, start: number, shortest: boolean): { length: number; value: number } {
    const { units } = this;
    const found = { length: 0, value: 0 };
    let node = offsetOf(units[0]!);
    for (let at = start; at < bytes.length; at++) {
      node ^= bytes[at]!;
      const unit = units[node];
      if (unit === undefined || (unit & 0x800000ff) !== bytes[at]) break;
      node ^= offsetOf(unit);
      if ((unit & 0x100) === 0) continue;
      found.length = at + 1 - start;
      found.value = (units[node] ?? 0) & 0x7fffffff;
      if (shortest) break;
    }
    return found;
  }

  private replacement(start: number): string {
    const end = this.replacements.indexOf(NUL, start);
    return decoder.decode(this.replacements.subarray(start, end < 0 ? undefined : end));
  }
}

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);

const lengthOfCharacter = (first: number): number => (first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
