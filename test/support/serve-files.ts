import { createReadStream, existsSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers requests for files by path, with the byte ranges that they ask for unless `?whole` is behind it; others go on. */
export function serveFiles(files: ReadonlyMap<string, string>) {
  return ({ url = '', headers }: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const path = files.get(url.replace(/\?.*/, ''));
    if (path === undefined || !existsSync(path)) return next();
    const { size } = statSync(path);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(url.endsWith('?whole') ? '' : (headers.range ?? '')) ?? [];
    const start = Number(first ?? 0);
    const end = Math.min(Number(last ?? size - 1), size - 1);
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    response.setHeader('content-length', end + 1 - start);
    if (first !== undefined) {
      response.statusCode = 206;
      response.setHeader('content-range', `bytes ${start}-${end}/${size}`);
    }
    createReadStream(path, { start, end }).pipe(response);
  };
}
