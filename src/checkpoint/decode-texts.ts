const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Bytes of the length before a text. */
const PREFIX = 8;

/** Texts that are decoded at once. One that is not UTF-8 costs the others of its run that advantage. */
const MAX_RUN = 1024;

/** From here on a length has a byte that is no ASCII character. */
const LONG = 128;

/**
 * Many texts in UTF-8, each behind its length as a u64. To decode a short one takes a decoder less time than to be called, so
 * runs of them are decoded at once, lengths included, and cut afterwards. What is not UTF-8 is read as U+FFFD.
 *
 * @param bytes from the first length to the end of the last text
 * @param lengths of the texts, in bytes
 */
export function decodeTexts(bytes: Uint8Array, lengths: Uint32Array): string[] {
  const texts: string[] = [];
  let at = 0;
  for (let first = 0; first < lengths.length;) {
    let end = first;
    let stop = at;
    for (; end < lengths.length && end - first < MAX_RUN && lengths[end]! < LONG; end++) stop += PREFIX + lengths[end]!;
    if (end === first) stop += PREFIX + lengths[end++]!;
    decodeRun(bytes.subarray(at, stop), lengths.subarray(first, end), texts);
    first = end;
    at = stop;
  }
  return texts;
}

function decodeRun(bytes: Uint8Array, lengths: Uint32Array, texts: string[]): void {
  const whole = lengths[0]! < LONG ? strictlyDecoded(bytes) : undefined;
  let at = 0; // in bytes
  let unit = 0; // the same place in UTF-16
  const isAscii = whole?.length === bytes.length;
  for (let i = 0; i < lengths.length; i++) {
    const start = at + PREFIX;
    at = start + lengths[i]!;
    if (whole === undefined) {
      texts.push(utf8.decode(bytes.subarray(start, at)));
      continue;
    }
    const units = isAscii ? at - start : unitsOf(bytes, start, at);
    texts.push(whole.slice(unit + PREFIX, unit + PREFIX + units));
    unit += PREFIX + units;
  }
}

function strictlyDecoded(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many UTF-16 units well-formed UTF-8 becomes: one for each byte that begins a character, two where that has four bytes. */
function unitsOf(bytes: Uint8Array, start: number, end: number): number {
  let units = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}
