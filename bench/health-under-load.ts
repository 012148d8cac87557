// How long /health takes while the server reads a long prompt.
//
//   npm run bench:health -- MODEL [--tokens 3000] [--every 10]
//
// Starts a server in a process of its own, sends one /generate with a prompt of about that many tokens, and asks for /health
// every so many milliseconds until the answer is there. Prints one JSON line; milliseconds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, Agent } from 'node:http';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuName, foreignLoad } from './support/cpu-load.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tokens: { type: 'string', default: '3000' }, every: { type: 'string', default: '10' } },
});
const [model = 'models/demo.gguf'] = positionals;
const [wanted, every] = [Number(values.tokens), Number(values.every)];

const main = resolve(import.meta.dirname, '../src/cli/main.ts');
const server = spawn(process.execPath, [main, 'serve', model, '--port', '0', '-c', String(2 * wanted)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(server, 'exit');
try {
  const url = await listening();
  const prompt = await promptOf(url, wanted);
  const foreign = foreignLoad();
  const { prompts, seconds, latencies } = await underLoad(url, prompt);
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): number => rounded(latencies[Math.ceil(share * latencies.length) - 1]!);
  const [p50, p95, p99, max] = [quantile(0.5), quantile(0.95), quantile(0.99), quantile(1)];
  const load = rounded(foreign());
  console.log(
    JSON.stringify({
      model,
      tokens: prompts,
      seconds,
      probes: latencies.length,
      p50,
      p95,
      p99,
      max,
      cpu: cpuName(),
      load,
    }),
  );
} finally {
  server.kill('SIGTERM');
  await ended;
}

async function listening(): Promise<string> {
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /^Server listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended before it listened');
}

async function post<Answer>(url: string, body: object): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Answer;
}

/** A text of about so many tokens in which no part repeats. */
async function promptOf(url: string, tokens: number): Promise<string> {
  const text = (lines: number): string =>
    Array.from({ length: lines }, (_, i) => `Line ${i}: the lantern of house ${(i * 7919) % 1000} is lit.`).join('\n');
  const sample = await post<{ num_tokens: number }>(`${url}/tokenize`, { text: text(100) });
  return text(Math.round((100 * tokens) / sample.num_tokens));
}

async function underLoad(url: string, prompt: string) {
  const { num_tokens: prompts } = await post<{ num_tokens: number }>(`${url}/tokenize`, { text: prompt });
  const done = new AbortController();
  const start = performance.now();
  const answer = post(`${url}/generate`, { prompt, max_tokens: 1 }).finally(() => done.abort());

  const latencies: number[] = [];
  const probes: Promise<void>[] = [];
  while (!done.signal.aborted) {
    probes.push(healthOf(url).then((milliseconds) => void latencies.push(milliseconds)));
    await Promise.race([sleep(every), answer]);
  }
  await Promise.all([answer, ...probes]);
  return { prompts, seconds: rounded((performance.now() - start) / 1000), latencies };
}

/** Each probe is asked on time, whether or not the one before has been answered, over a connection of its own. */
async function healthOf(url: string): Promise<number> {
  const start = performance.now();
  const [response] = await once(get(`${url}/health`, { agent: new Agent() }), 'response');
  response.resume();
  await once(response, 'end');
  return performance.now() - start;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
