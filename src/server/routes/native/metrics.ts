import { Hono } from 'hono';
import type { Services } from '../../work.ts';

/** GET /metrics, for Prometheus. */
export const metricsText = ({ metrics }: Services): Hono =>
  new Hono().get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }));
