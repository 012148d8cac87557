import { fromByteLevel } from '../byte-level.ts';
import { byteOfToken } from '../symbols.ts';
import { booleanAt, objectAt, stringAt, unsupportedJson } from './fields.ts';
import { stepsOf, type Step } from './stages.ts';

/** The stage `decoder` of a tokenizer.json. */
export interface JsonDecoder {
  /** The bytes a token stands for in the middle of a text; added tokens are never spelled byte by byte. */
  readonly bytesOf: (token: string, added: boolean) => Uint8Array;
  readonly stripsLeadingSpace: boolean;
}

const encoder = new TextEncoder();

/**
 * Every decoder of a published model changes token by token and then takes a leading space away, so that is what is read
 * here, and streaming needs nothing else.
 *
 * @throws RealizarError `bad-tokenizer` | `unsupported-tokenizer`
 */
export function jsonDecoder(value: unknown): JsonDecoder {
  const replacements: ((token: string) => string)[] = [];
  let byteLevel = false;
  let byteFallback = false;
  let stripsLeadingSpace = false;
  for (const step of stepsOf(value, 'decoder', 'decoders')) {
    if (step.type === 'ByteLevel') byteLevel = true;
    else if (step.type === 'ByteFallback') byteFallback = true;
    else if (step.type === 'Strip') stripsLeadingSpace ||= stripsSpace(step);
    else if (step.type === 'Replace' || step.type === 'Metaspace') replacements.push(replacementOf(step));
    else if (step.type !== 'Fuse') throw unsupportedJson(step.field, step.type);
    if (step.type === 'Metaspace') stripsLeadingSpace ||= prepends(step);
  }
  const bytesOf = (token: string, added: boolean): Uint8Array => {
    const byte = byteFallback ? byteOfToken(token) : undefined;
    if (byte !== undefined) return Uint8Array.of(byte);
    const text = replacements.reduce((changed, replace) => replace(changed), token);
    return byteLevel && !added ? fromByteLevel(text) : encoder.encode(text);
  };
  return { bytesOf, stripsLeadingSpace };
}

function replacementOf({ type, field, json }: Step): (token: string) => string {
  if (type === 'Metaspace') {
    const mark = json['replacement'] === undefined ? '▁' : stringAt(json['replacement'], `${field}.replacement`);
    return (token) => token.replaceAll(mark, ' ');
  }
  const pattern = objectAt(json['pattern'], `${field}.pattern`);
  if (typeof pattern['String'] !== 'string') throw unsupportedJson(`${field}.pattern`, pattern);
  const [search, content] = [pattern['String'], stringAt(json['content'], `${field}.content`)];
  return (token) => token.replaceAll(search, () => content);
}

function stripsSpace({ field, json }: Step): boolean {
  const { content, start, stop } = json;
  if (content !== ' ' || (start !== 0 && start !== 1) || (stop !== 0 && stop !== undefined))
    throw unsupportedJson(field, json);
  return start === 1;
}

function prepends({ field, json }: Step): boolean {
  const scheme =
    json['prepend_scheme'] ??
    (booleanAt(json['add_prefix_space'], `${field}.add_prefix_space`, true) ? 'always' : 'never');
  return scheme !== 'never';
}
