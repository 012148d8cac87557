// GPT-2 spells each byte of UTF-8 as one printable character, so that a vocabulary of bytes can be a list of strings.
// Radford et al. 2019; `bytes_to_unicode` of its encoder.py.

const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** The character of each byte: printable Latin-1 stands for itself, the others for U+0100 and on. */
export const CHARACTER_OF_BYTE: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  CHARACTER_OF_BYTE.map((character, byte) => [character, byte]),
);

const encoder = new TextEncoder();

/** `" é"` → `"ĠÃ©"`. */
export function toByteLevel(text: string): string {
  const parts: string[] = [];
  for (const byte of encoder.encode(text)) parts.push(CHARACTER_OF_BYTE[byte]!);
  return parts.join('');
}

/** `"ĠÃ©"` → the bytes of `" é"`; a token with any other character stands for itself, in UTF-8. */
export function fromByteLevel(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF_CHARACTER.get(token[i]!);
    if (byte === undefined) return encoder.encode(token);
    bytes[i] = byte;
  }
  return bytes;
}
