/** Fields of protobuf messages, as lists of bytes. */
export const varint = (field: number, value: number): number[] => [...number(field * 8), ...number(value)];
export const message = (field: number, body: readonly number[]): number[] => [
  ...number(field * 8 + 2),
  ...number(body.length),
  ...body,
];
export const string = (field: number, text: string): number[] => message(field, [...new TextEncoder().encode(text)]);
export const float = (field: number, value: number): number[] => [
  ...number(field * 8 + 5),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

function number(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}
