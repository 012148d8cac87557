import { RealizarError } from '../errors.ts';
import { serverSentEvents } from './server-sent-events.ts';

/** Body of `POST /stream/generate`; see there for the defaults. */
export interface StreamGenerateRequest {
  readonly prompt: string;
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly strategy?: 'greedy' | 'top_k' | 'top_p';
  readonly top_k?: number;
  readonly top_p?: number;
  /** Up to 64 bits; as a string, JSON keeps all its digits. */
  readonly seed?: number | string;
  readonly model_id?: string;
}

export interface StreamedToken {
  readonly token_id: number;
  readonly text: string;
}

/**
 * Generates on a realizar server and yields each token as it arrives; in Node and in browsers, whose EventSource cannot POST.
 *
 *     for await (const { text } of streamGenerate('http://127.0.0.1:8080', { prompt: 'Once' })) process.stdout.write(text);
 *
 * Leaving the loop, or aborting, ends the generation on the server.
 *
 * @throws RealizarError `invalid-argument` with the server's words when it refuses, `io-failed` when the stream breaks
 */
export async function* streamGenerate(
  url: string,
  request: StreamGenerateRequest,
  options: {
    readonly signal?: AbortSignal;
    readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  } = {},
): AsyncGenerator<StreamedToken, { readonly num_generated: number }> {
  const post = options.fetch ?? fetch;
  const response = await post(new URL('/stream/generate', url).href, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    ...(options.signal && { signal: options.signal }),
  });
  if (!response.ok) throw new RealizarError('invalid-argument', ((await response.json()) as { error: string }).error);

  for await (const { event, data } of serverSentEvents(response.body!)) {
    if (event === 'token') yield JSON.parse(data) as StreamedToken;
    if (event === 'done') return JSON.parse(data) as { num_generated: number };
    if (event === 'error') throw new RealizarError('io-failed', (JSON.parse(data) as { error: string }).error);
  }
  throw new RealizarError('io-failed', 'the stream ended before the generation had');
}
