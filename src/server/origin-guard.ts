import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { RequestError } from './request-error.ts';

const loopbackHost = /^(localhost|[a-z0-9.-]+\.localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i;

/** Whether a host name or address means this machine only. */
export const isLoopbackHost = (host: string): boolean => loopbackHost.test(host);

/**
 * Refuses requests that were addressed to another name. A page that has its own domain resolve to 127.0.0.1 (DNS rebinding,
 * CVE-2024-28224) would otherwise be "same origin" with a server that listens on loopback.
 */
export function hostGuard(allowed: 'loopback' | 'any' | readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const host = (c.req.header('host') ?? '').replace(/:\d+$/, '');
    const isAllowed =
      allowed === 'any' ||
      host === '' ||
      isLoopbackHost(host) ||
      (allowed !== 'loopback' && allowed.includes(host.toLowerCase()));
    if (!isAllowed)
      throw new RequestError(403, 'requests for this host name are not allowed', { code: 'host_not_allowed' });
    await next();
  };
}

// What the official OpenAI client sends from a browser.
const clientHeaders = [
  'arch',
  'async',
  'custom-poll-interval',
  'helper-method',
  'lang',
  'os',
  'package-version',
  'poll-helper',
  'retry-count',
  'runtime',
  'runtime-version',
  'timeout',
];

/**
 * Pages may call the server when they come from it, from this machine, or from an origin in `allowed`; others get 403, also
 * for requests that browsers send without asking first.
 */
export function originGuard(allowed: readonly string[]): MiddlewareHandler[] {
  const isAllowed = (origin: string, host: string | undefined): boolean => {
    if (allowed.includes(origin)) return true;
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    return (
      (url.protocol === 'http:' || url.protocol === 'https:') && (url.host === host || isLoopbackHost(url.hostname))
    );
  };
  return [
    async (c, next) => {
      const origin = c.req.header('origin');
      const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
      const foreign =
        origin === undefined
          ? !reads && c.req.header('sec-fetch-site') === 'cross-site'
          : !isAllowed(origin, c.req.header('host'));
      if (foreign)
        throw new RequestError(403, 'requests from pages of this origin are not allowed', {
          code: 'origin_not_allowed',
        });
      await next();
    },
    cors({
      origin: (origin, c) => (origin !== '' && isAllowed(origin, c.req.header('host')) ? origin : null),
      allowMethods: ['GET', 'HEAD', 'POST', 'OPTIONS'],
      allowHeaders: [
        'authorization',
        'content-type',
        'openai-beta',
        'x-request-id',
        ...clientHeaders.map((name) => `x-stainless-${name}`),
      ],
      exposeHeaders: ['x-request-id', 'retry-after', 'retry-after-ms'],
      maxAge: 600,
    }),
  ];
}
