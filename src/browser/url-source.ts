import { httpSource } from '../checkpoint/byte-source.http.ts';
import { blobSource, type ByteSource } from '../checkpoint/byte-source.ts';
import { RealizarError } from '../errors.ts';
import { readAhead } from './read-ahead.ts';

export interface DownloadProgress {
  readonly loadedBytes: number;
  /** 0 where the server does not say. */
  readonly totalBytes: number;
}

export interface UrlSourceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Hears of the download where the server has no ranges. */
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
}

/**
 * A file behind a URL: read by ranges where its server has them, otherwise downloaded once, into a Blob, which browsers
 * keep on disk when it is large.
 *
 * @throws RealizarError as `httpSource`
 */
export async function urlSource(url: string, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const { signal } = options;
  const fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, signal ? { ...init, signal } : init);
  const response = await reached(url, () => fetch(url, { headers: { range: 'bytes=0-0' } }));
  if (response.status === 200) return blobSource(await reached(url, () => download(response, options)), url);
  await reached(url, () => response.arrayBuffer()); // one byte, or a few words of refusal
  return readAhead(await httpSource(url, { fetch }));
}

function download(response: Response, { onDownload }: UrlSourceOptions): Promise<Blob> {
  const totalBytes = Number(response.headers.get('content-length') ?? 0);
  let loadedBytes = 0;
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      loadedBytes += chunk.byteLength;
      onDownload?.({ loadedBytes, totalBytes });
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(counter)).blob();
}

async function reached<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RealizarError('io-failed', `${url} cannot be read: ${reason}`, { cause });
  }
}
