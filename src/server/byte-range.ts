/**
 * What a Range header asks for of a file. @see RFC 9110 §14.1.2
 *
 * @returns bytes [start, end); `whole` for no range, several, or other units; `unsatisfiable` for one beyond the file
 */
export function byteRange(
  header: string | undefined,
  byteLength: number,
): { readonly start: number; readonly end: number } | 'whole' | 'unsatisfiable' {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole';
  const [start, end] =
    first === ''
      ? [Math.max(0, byteLength - Number(last)), byteLength]
      : [Number(first), last === '' ? byteLength : Math.min(Number(last) + 1, byteLength)];
  if (last !== '' && first !== '' && Number(last) < Number(first)) return 'whole';
  return start < end ? { start, end } : 'unsatisfiable';
}
