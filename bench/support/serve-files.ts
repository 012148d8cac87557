import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Prefixes of paths, and the file or folder that each stands for. */
type Routes = Readonly<Record<string, string>>;

/**
 * Serves files on 127.0.0.1, cross-origin isolated, so that pages may share memory between threads. `/` is an empty page.
 *
 * @param imports the page's import map: names of packages and the paths of their modules
 */
export async function serveFiles(
  routes: Routes,
  imports: Readonly<Record<string, string>> = {},
): Promise<{ url: string; server: Server }> {
  const page = `<!doctype html><title>bench</title><script type="importmap">${JSON.stringify({ imports })}</script>`;
  const server = createServer((request, response) => answer(request, response, routes, page)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}`, server };
}

function answer(request: IncomingMessage, response: ServerResponse, routes: Routes, page: string): void {
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-embedder-policy', 'require-corp');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  if (path === '/') return void response.setHeader('content-type', 'text/html').end(page);
  const prefix = Object.keys(routes).find((one) => path === one || path.startsWith(`${one}/`));
  const file = prefix === undefined ? undefined : join(routes[prefix]!, path.slice(prefix.length));
  const size = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.size;
  if (file === undefined || size === undefined) return void response.writeHead(404).end();

  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
  response.setHeader('accept-ranges', 'bytes');
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range === null ? 0 : Number(range[1]);
  const end = range === null || range[2] === '' ? size - 1 : Math.min(size - 1, Number(range[2]));
  response.setHeader('content-length', end - start + 1);
  if (range !== null) response.setHeader('content-range', `bytes ${start}-${end}/${size}`);
  response.statusCode = range === null ? 200 : 206;
  if (request.method === 'HEAD') return void response.end();
  createReadStream(file, { start, end }).pipe(response);
}
