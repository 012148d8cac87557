const MAX_LENGTH = 80;

/** A name or a piece of text from a file, fit for a message: one short line without control characters. */
export function brief(text: string): string {
  const line = text.slice(0, MAX_LENGTH).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '?');
  return text.length > MAX_LENGTH ? `${line}…` : line;
}
