// A server process over a fake engine, for tests of signals: prints its URL, and ends as `realizar serve` would.
import { createApp } from '../../../src/server/app.ts';
import { startServer, stopOnSignal } from '../../../src/server/serve.node.ts';
import { FakeEngine } from './fake-engine.ts';

const server = await startServer({ app: createApp(new FakeEngine({ delayMs: 5 })), port: 0, graceMs: 50 });
const stopped = stopOnSignal(server);
console.log(server.url);
await stopped;
