import { createApp, type AppOptions, type ServerApp } from '../../../src/server/app.ts';
import { FakeEngine, type FakeOptions } from './fake-engine.ts';

/** An app over a fake engine; errors that clients do not hear of gather in `errors`. */
export function fakeApp(
  fake: FakeOptions = {},
  options: AppOptions = {},
): { app: ServerApp; engine: FakeEngine; errors: unknown[] } {
  const engine = new FakeEngine(fake);
  const errors: unknown[] = [];
  return { app: createApp(engine, { onError: (error) => errors.push(error), ...options }), engine, errors };
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line no-explicit-any -- tests look into it freely
  readonly body: any;
}

export const post = async (
  app: ServerApp,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> => replyOf(await rawPost(app, path, JSON.stringify(body), headers));

export const rawPost = (
  app: ServerApp,
  path: string,
  body: BodyInit,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> =>
  app.request(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    ...(signal && { signal }),
  });

export const get = async (app: ServerApp, path: string, init: RequestInit = {}): Promise<Reply> =>
  replyOf(await app.request(path, init));

export async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

export interface ServerSentEvent {
  readonly event: string;
  // oxlint-disable-next-line no-explicit-any -- tests look into it freely
  readonly data: any;
}

/** The events of a finished stream; comments are left out. */
export function eventsOf(text: string): ServerSentEvent[] {
  if (text !== '' && !text.endsWith('\n\n')) throw new Error('the last event is cut off');
  return text
    .split('\n\n')
    .filter((record) => record !== '' && !record.startsWith(':'))
    .map((record) => {
      const lines = record.split('\n');
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field('data')!;
      return { event: field('event') ?? 'message', data: data === '[DONE]' ? data : JSON.parse(data) };
    });
}

/** The value of a metric without labels. */
export async function metric(app: ServerApp, name: string): Promise<number> {
  const { body } = await get(app, '/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1]);
}

/** Waits until a condition holds; fails after two seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('waited in vain');
}
