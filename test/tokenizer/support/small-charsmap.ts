/** A trie that knows "a" → "X", "\r" → " " and "é" → "e", as darts-clone would lay it out. */
export function smallCharsmap(): Uint8Array {
  const units = new Uint32Array(512);
  const replacements = 'X\0 \0e\0';
  units[0] = 256 << 10; // the root's children: 256 ^ byte
  const leaf = (node: number, label: number, base: number, value: number): void => {
    units[node] = label | 0x100 | ((base ^ node) << 10);
    units[base] = value | 0x80000000;
  };
  leaf(256 ^ 0x61, 0x61, 10, 0);
  leaf(256 ^ 0x0d, 0x0d, 11, 2);
  units[256 ^ 0xc3] = 0xc3 | ((256 ^ 0xc3 ^ 100) << 10);
  leaf(100 ^ 0xa9, 0xa9, 12, 4);
  const size = new Uint8Array(Uint32Array.of(units.byteLength).buffer);
  return Uint8Array.of(...size, ...new Uint8Array(units.buffer), ...new TextEncoder().encode(replacements));
}
