// The HTTP server inside a program of your own, on port 3000.
//
//   node examples/api_server.ts            until Ctrl-C
//   node examples/api_server.ts --once     answers one request of its own and ends
import { demoModelPath, loadEngine } from 'realizar';
import { createApp, startServer, stopOnSignal } from 'realizar/server';

const once = process.argv.includes('--once');
await using engine = await loadEngine(demoModelPath());
const server = await startServer({ app: createApp(engine), port: once ? 0 : 3000 });
console.log(`listening on ${server.url}`);

const response = await fetch(`${server.url}/generate`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ prompt: 'Once upon a time', max_tokens: 12 }),
});
const { text } = (await response.json()) as { text: string };
console.log(`POST /generate -> ${response.status}: ${text}`);

if (once) await server.stop();
else await stopOnSignal(server);
