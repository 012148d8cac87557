import type { Context } from 'hono';
import type { z } from 'zod';
import { RequestError } from './request-error.ts';

/** 2 MiB, as the Rust realizar's framework had it: a request holds text, not files. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/**
 * The request's JSON body, checked against its schema. Unknown fields are ignored; a byte order mark is allowed.
 * @throws RequestError 415 for another content type, 413 over 2 MiB, 400 for what is not UTF-8 or JSON, 422 for a field that does not fit
 */
export async function readRequest<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const { headers, body } = c.req.raw;
  const contentType = headers.get('content-type') ?? '';
  // A page of another site can send text/plain without asking; application/json it cannot.
  if (!/^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(contentType))
    throw new RequestError(415, 'expected a request with `Content-Type: application/json`', {
      code: 'unsupported_media_type',
    });
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw new RequestError(415, 'compressed request bodies are not supported; send the JSON as it is', {
      code: 'unsupported_media_type',
    });

  const result = schema.safeParse(
    parseJson(decodeUtf8(await readAtMost(body, MAX_BODY_BYTES, headers.get('content-length')))),
  );
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const param = issue.path.join('.');
  throw new RequestError(422, `${param || 'request body'}: ${issue.message}`, {
    code: 'invalid_value',
    ...(param && { param }),
  });
}

async function readAtMost(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
  contentLength: string | null,
): Promise<Uint8Array> {
  const tooLarge = (): RequestError =>
    new RequestError(413, `the request body is larger than ${limit} bytes`, { code: 'request_too_large' });
  if (Number(contentLength) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RequestError(400, 'the request body is not valid UTF-8', { code: 'invalid_json' });
  }
}

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
// TypeScript's library does not know the third argument yet (ECMAScript 2026, JSON.parse source text access).
const parseWithSource = JSON.parse as (text: string, reviver?: SourceReviver) => unknown;

/** A `seed` beyond 2^53 becomes a bigint with all its digits: as a number it would silently be another seed. */
const keepSeedDigits: SourceReviver = (key, value, { source }) =>
  key === 'seed' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
    ? BigInt(source)
    : value;

function parseJson(text: string): unknown {
  try {
    // The reviver recurses and costs time, so it runs only where a number with that many digits is present.
    return /\d{16}/.test(text) ? parseWithSource(text, keepSeedDigits) : parseWithSource(text);
  } catch (error) {
    const why =
      error instanceof RangeError
        ? 'it is nested too deeply'
        : text.trim() === ''
          ? 'it is empty'
          : 'check brackets, quotes and commas';
    throw new RequestError(400, `the request body is not valid JSON: ${why}`, { code: 'invalid_json' });
  }
}
