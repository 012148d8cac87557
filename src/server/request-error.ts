import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** A refusal that the HTTP door itself decides on: the message is for the client. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: ContentfulStatusCode;
  /** OpenAI's word for it, such as `model_not_found`. */
  readonly code: string;
  /** The field of the request at fault. */
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    message: string,
    about: { code?: string; param?: string; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.status = status;
    this.code = about.code ?? 'invalid_request';
    this.param = about.param ?? null;
    this.headers = about.headers ?? {};
  }
}

/** Why running requests end when the server stops and their grace time is over. */
export const shutdownError = (): RequestError =>
  new RequestError(503, 'the server is shutting down', {
    code: 'server_shutdown',
    headers: { 'retry-after': '1', connection: 'close' },
  });
