import { Hono, type Context } from 'hono';
import { RequestError } from '../request-error.ts';
import type { StaticFile } from '../static-files.ts';
import type { Services } from '../work.ts';

/** Memory that threads share is for pages that no other can look into. @see https://web.dev/articles/coop-coep */
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/** The page itself runs its one script and reaches this server only. Its workers are threads' kernels, which begin as a blob. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; worker-src 'self' blob:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** In the worker, WebAssembly is compiled, and gpu.js makes functions from text. */
const WORKER_POLICY =
  "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval' 'unsafe-eval'; worker-src blob:; connect-src 'self'";

const WORKER = 'browser/worker.js';

/** GET /: a chat with the models served here, in files that were built before. */
export function page({ pageFiles }: Services): Hono {
  const sendFrom = (folder: string) => async (c: Context) => {
    const path = `${folder}/${c.req.param('name')}`;
    const file = await pageFiles(path);
    if (file !== undefined) return send(c, path, file);
    throw new RequestError(404, `there is nothing at ${c.req.path.slice(0, 200)}`, { code: 'not_found' });
  };
  return new Hono()
    .get('/', async (c) => send(c, 'page/index.html', (await pageFiles('page/index.html')) ?? notBuilt))
    .get('/page/:name', sendFrom('page'))
    .get('/browser/:name', sendFrom('browser'));
}

function send(c: Context, path: string, { type, bytes }: StaticFile): Response {
  return c.body(bytes, 200, {
    ...isolation,
    'content-type': type,
    'content-security-policy': path === WORKER ? WORKER_POLICY : PAGE_POLICY,
    'cache-control': 'no-cache',
    'referrer-policy': 'no-referrer',
  });
}

const notBuilt: StaticFile = {
  type: 'text/html; charset=utf-8',
  bytes: new TextEncoder().encode(
    '<!doctype html><meta charset="utf-8"><title>realizar</title><h1>realizar</h1>' +
      '<p>The server runs, and its API answers: see <a href="/v1/models">/v1/models</a>. ' +
      'Its chat page is not built yet: run <code>npm run build</code> in the checkout and start the server again.',
  ),
};
