import { Hono } from 'hono';
import type { Services } from '../../work.ts';

/** GET /health: answers whatever the engines do; loads no model. */
export const health = ({ version }: Services): Hono =>
  new Hono().get('/health', (c) => c.json({ status: 'healthy', version, compute_mode: 'cpu' }));
