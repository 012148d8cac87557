import { RealizarError } from '../../errors.ts';

// The largest published tokenizer.json has 35 MB. More than this would not fit in one JavaScript string.
const MAX_BYTES = 256 * 2 ** 20;

/**
 * What a JSON file holds.
 *
 * @param source its bytes, its text, or what parsing it gave
 * @throws RealizarError `bad-json` | `limit-exceeded`
 */
export function parseSource(source: unknown, name: string): unknown {
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) return source;
  if (source.length > MAX_BYTES)
    throw new RealizarError('limit-exceeded', `${name} has ${source.length} bytes; at most ${MAX_BYTES} are read`);
  try {
    return JSON.parse(typeof source === 'string' ? source : new TextDecoder('utf-8', { fatal: true }).decode(source));
  } catch (cause) {
    throw new RealizarError(
      'bad-json',
      `${name} is not JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : 'unreadable'}`,
      { cause },
    );
  }
}
