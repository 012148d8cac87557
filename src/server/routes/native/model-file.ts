import { Hono } from 'hono';
import { byteRange } from '../../byte-range.ts';
import { RequestError } from '../../request-error.ts';
import type { Services } from '../../work.ts';

/**
 * GET /models/{id}/file: the GGUF file of a model that is served here, by byte ranges, for pages that run it themselves.
 * @see RFC 9110 §13.1.5 and §14
 */
export const modelFile = ({ models }: Services): Hono =>
  new Hono().get('/models/:id{.+}/file', async (c) => {
    const id = models.resolve(c.req.param('id'));
    const { path, format = 'gguf' } = models.list().find((model) => model.id === id)!;
    const opened = format === 'gguf' ? await (await import('../../model-file.node.ts')).modelFile(path) : undefined;
    if (opened === undefined) {
      throw new RequestError(
        404,
        `model "${id}" is no GGUF file, which is what a page can load; ask this server instead`,
        {
          code: 'no_gguf_file',
        },
      );
    }
    const { byteLength, etag } = opened;
    const headers = {
      etag,
      'accept-ranges': 'bytes',
      'cache-control': 'no-cache',
      'content-type': 'application/octet-stream',
      'cross-origin-resource-policy': 'same-origin',
    };
    const isOther = (c.req.header('if-range') ?? etag) !== etag;
    const range = isOther ? 'whole' : byteRange(c.req.header('range'), byteLength);
    if (range === 'unsatisfiable')
      return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${byteLength}` } });

    const { start, end } = range === 'whole' ? { start: 0, end: byteLength } : range;
    const body = c.req.method === 'HEAD' || start === end ? null : opened.stream(start, end);
    const length = { 'content-length': String(end - start) };
    if (range === 'whole') return new Response(body, { status: 200, headers: { ...headers, ...length } });
    const part = { 'content-range': `bytes ${start}-${end - 1}/${byteLength}` };
    return new Response(body, { status: 206, headers: { ...headers, ...length, ...part } });
  });
