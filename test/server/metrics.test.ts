import { expect, test } from 'vitest';
import { fakeApp, get, metric, post } from './support/requests.ts';

const rustNames = [
  'requests_total',
  'requests_successful',
  'requests_failed',
  'tokens_generated',
  'inference_time_seconds',
  'requests_per_second',
  'tokens_per_second',
  'avg_latency_ms',
  'error_rate',
  'uptime_seconds',
];

test('/metrics is Prometheus text: every sample has its help and type, and parses', async () => {
  const { app } = fakeApp({ answer: 'abc' });
  await post(app, '/generate', { prompt: 'a' });
  const { body, headers } = await get(app, '/metrics');
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const types = new Map<string, string>();
  for (const line of body
    .trimEnd()
    .split('\n')
    .filter((one: string) => one !== '')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type) types.set(type[1]!, type[2]!);
    else if (!/^# HELP \S+ ./.test(line)) {
      const sample = /^(realizar_[a-z_]+?)(_bucket|_sum|_count)?(\{[^{}]*\})? (-?[\d.e+-]+|\+Inf)$/.exec(line);
      expect(sample, line).not.toBeNull();
      expect(types.has(sample![1]!) || types.has(`${sample![1]}${sample![2]}`), line).toBe(true);
    }
  }
  for (const name of rustNames) expect(types.has(`realizar_${name}`), name).toBe(true);
});

test('requests, tokens and failures are counted, and the derived figures agree', async () => {
  const { app } = fakeApp({ answer: 'abc' });
  await post(app, '/generate', { prompt: 'hello' });
  await post(app, '/stream/generate', { prompt: 'hello' });
  await post(app, '/generate', { prompt: '' });
  await post(app, '/nope', {});
  const value = (name: string): Promise<number> => metric(app, `realizar_${name}`);
  expect(await value('requests_total')).toBe(3);
  expect(await value('requests_successful')).toBe(2);
  expect(await value('requests_failed')).toBe(1);
  expect(await value('tokens_generated')).toBe(6);
  expect(await value('prompt_tokens_total')).toBe(10);
  expect(await value('error_rate')).toBeCloseTo(1 / 3);
  expect(await value('avg_latency_ms')).toBeCloseTo((1000 * (await value('inference_time_seconds'))) / 3);
  expect(await value('time_to_first_token_seconds_count')).toBe(2);
  expect(await value('inter_token_latency_seconds_count')).toBe(4);
  expect(await value('model_cache_hits_total')).toBe(2);
  const { body } = await get(app, '/metrics');
  expect(body).toContain('realizar_http_requests_total{route="/generate",method="POST",status="200"} 1');
  expect(body).toContain('realizar_http_requests_total{route="none",method="POST",status="404"} 1');
});

test('two apps in one process count apart', async () => {
  const [one, other] = [fakeApp({ answer: '' }), fakeApp()];
  await post(one.app, '/generate', { prompt: 'a' });
  expect([
    await metric(one.app, 'realizar_requests_total'),
    await metric(other.app, 'realizar_requests_total'),
  ]).toEqual([1, 0]);
});
