import { RealizarError } from '../errors.ts';
import { checkRange, type ByteSource } from './byte-source.ts';

export interface HttpSourceOptions {
  /** Instead of the global one: for headers, proxies, tests. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** What the first answer said the file is; every later answer has to say the same. */
interface Identity {
  readonly byteLength: number;
  readonly etag: string | null;
  readonly modified: string | null;
}

/** A connection that breaks is tried once more; a second failure is reported. */
const ATTEMPTS = 2;

/**
 * A file behind a URL, read by range requests (RFC 9110 §14), so that only what is needed is fetched.
 *
 * @throws RealizarError `file-not-found` | `io-failed`, also where the server does not support ranges
 */
export async function httpSource(url: string, options: HttpSourceOptions = {}): Promise<ByteSource> {
  const fetch = options.fetch ?? globalThis.fetch;
  const identity = await identify(fetch, url);
  const source: ByteSource = {
    name: url,
    byteLength: identity.byteLength,
    async read(start, end, into) {
      checkRange(source, start, end, into);
      const bytes = into ?? new Uint8Array(end - start);
      if (start === end) return bytes;
      await retried(url, async () => {
        const response = await fetch(url, { headers: rangeHeaders(start, end, identity) });
        try {
          checkPart(response, url, start, end, identity);
          await receive(response, url, bytes, start);
        } finally {
          await discard(response);
        }
      });
      return bytes;
    },
    close: async () => {},
  };
  return source;
}

/** Asks for one byte: the answer carries the length of the whole and the validators. */
async function identify(fetch: typeof globalThis.fetch, url: string): Promise<Identity> {
  return retried(url, async () => {
    const response = await fetch(url, { headers: { range: 'bytes=0-0', 'accept-encoding': 'identity' } });
    try {
      const etag = response.headers.get('etag');
      const modified = response.headers.get('last-modified');
      // An empty file has no first byte to give: RFC 9110 §15.5.17.
      if (response.status === 416 && response.headers.get('content-range') === 'bytes */0')
        return { byteLength: 0, etag, modified };
      checkStatus(response, url);
      return { byteLength: contentRange(response, url).byteLength, etag, modified };
    } finally {
      await discard(response);
    }
  });
}

function rangeHeaders(start: number, end: number, { etag, modified }: Identity): Record<string, string> {
  // Weak validators are not allowed in If-Range (RFC 9110 §13.1.5): for those the answer's own are compared.
  const validator = etag === null ? modified : etag.startsWith('W/') ? null : etag;
  const range = { range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity' };
  return validator === null ? range : { ...range, 'if-range': validator };
}

function checkPart(response: Response, url: string, start: number, end: number, identity: Identity): void {
  // With If-Range, 200 is the server's way to say that this is another file now; 416 that it has become shorter.
  if (response.status === 200 || response.status === 412 || response.status === 416) throw changed(url, start);
  checkStatus(response, url);
  const part = contentRange(response, url);
  const { etag, modified, byteLength } = identity;
  const same = response.headers.get('etag') === etag && response.headers.get('last-modified') === modified;
  if (!same || part.byteLength !== byteLength) throw changed(url, start);
  if (part.start !== start || part.end !== end) {
    const message = `${url}: the server answered with bytes ${part.start} to ${part.end} when asked for ${start} to ${end}`;
    throw new RealizarError('io-failed', message, { offset: start });
  }
}

function checkStatus(response: Response, url: string): void {
  if (response.status === 404 || response.status === 410)
    throw new RealizarError('file-not-found', `${url} does not exist`);
  if (response.status === 200) {
    throw new RealizarError(
      'io-failed',
      `${url}: the server sends whole files only, not ranges; download it and open the file`,
    );
  }
  if (response.status !== 206)
    throw new RealizarError('io-failed', `${url}: the server answered with status ${response.status}`);
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw new RealizarError(
      'io-failed',
      `${url}: the server compresses ranges (${encoding}), which cannot be put together`,
    );
}

function contentRange(response: Response, url: string): { start: number; end: number; byteLength: number } {
  const header = response.headers.get('content-range') ?? '';
  const [, first, last, total] = (/^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header) ?? []).map(Number);
  if (first === undefined || last === undefined || total === undefined) {
    throw new RealizarError(
      'io-failed',
      `${url}: the server does not say how long the file is (Content-Range: ${JSON.stringify(header.slice(0, 80))})`,
    );
  }
  return { start: first, end: last + 1, byteLength: total };
}

/** Fills `bytes`, and never holds more than they are. */
async function receive(response: Response, url: string, bytes: Uint8Array, start: number): Promise<void> {
  let done = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    if (done + chunk.byteLength > bytes.byteLength)
      throw new RealizarError('io-failed', `${url}: the server sent more than it was asked for`, { offset: start });
    bytes.set(chunk, done);
    done += chunk.byteLength;
  }
  if (done < bytes.byteLength)
    throw new ShortBody(`${url}: the connection ended after ${done} of ${bytes.byteLength} bytes`);
}

/** Worth another attempt, as are the network's own errors. */
class ShortBody extends Error {}

async function retried<T>(url: string, attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS - 1; ; left--) {
    try {
      return await attempt();
    } catch (cause) {
      if (cause instanceof RealizarError) throw cause;
      if (left > 0) continue;
      if (cause instanceof ShortBody) throw new RealizarError('truncated', cause.message, { cause });
      throw new RealizarError('io-failed', `${url} cannot be read: ${reasonOf(cause)}`, { cause });
    }
  }
}

/** `fetch failed` says nothing; the reason is one level down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

const changed = (url: string, offset: number) =>
  new RealizarError('changed-while-reading', `${url} is another file than it was when it was opened: load it again`, {
    offset,
  });

/** Frees the connection. A body that was read to its end has nothing left to cancel. */
async function discard(response: Response): Promise<void> {
  if (response.body !== null && !response.body.locked) await response.body.cancel().catch(() => {});
}
