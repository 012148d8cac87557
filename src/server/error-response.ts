import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { RealizarError, type ErrorCode } from '../errors.ts';
import { RequestError } from './request-error.ts';

/** What a client may know of an error: no stack, no path, no text of a bug. */
export interface PublicError {
  readonly status: ContentfulStatusCode;
  readonly message: string;
  readonly code: string;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

// Codes that a request can cause. All others come from files and machines: their messages name paths, so they stay in the log.
const statusOf: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  'invalid-argument': 400,
  'context-length-exceeded': 400,
  'template-error': 400,
  'template-limit': 400,
  'model-not-found': 404,
  aborted: 503,
  closed: 503,
  'out-of-memory': 503,
  'queue-full': 503,
};

/** The one table from errors to what is said of them. */
export function publicErrorOf(error: unknown): PublicError {
  if (error instanceof RequestError) return error;
  if (error instanceof RealizarError && statusOf[error.code]) {
    return {
      status: statusOf[error.code]!,
      message: error.message,
      code: error.code.replaceAll('-', '_'),
      param: error.field ?? null,
      headers: statusOf[error.code] === 503 ? { 'retry-after': '1' } : {},
    };
  }
  if (error instanceof HTTPException)
    return {
      status: error.status,
      message: error.message,
      code: 'invalid_request',
      param: null,
      headers: {},
    };
  return { status: 500, message: 'internal error', code: 'internal_error', param: null, headers: {} };
}

/** What the log should hear of an error because the client did not; undefined when the client was told all. */
export function hiddenCauseOf(error: unknown): unknown {
  if (error instanceof RequestError) return error.cause;
  return publicErrorOf(error).code === 'internal_error' ? error : undefined;
}

const openAiType = (status: number): string =>
  status === 403
    ? 'permission_error'
    : status === 503
      ? 'unavailable_error'
      : status >= 500
        ? 'server_error'
        : 'invalid_request_error';

/** `{ error: string }`: the native routes' error body. */
export const nativeErrorBody = (error: PublicError): { error: string } => ({ error: error.message });

/** OpenAI's envelope. @see https://platform.openai.com/docs/guides/error-codes */
export const openAiErrorBody = (error: PublicError): object => ({
  error: { message: error.message, type: openAiType(error.status), param: error.param, code: error.code },
});

/** An error as the JSON response that the path's dialect expects. */
export function errorResponse(c: Context, thrown: unknown): Response {
  const error = publicErrorOf(thrown);
  for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
  // `includes`: the app may be mounted under a path.
  if (!c.req.path.includes('/v1/')) return c.json(nativeErrorBody(error), error.status);
  // OpenAI has no 422: a field of the wrong type is a bad request there.
  return c.json(openAiErrorBody(error), error.status === 422 ? 400 : error.status);
}
