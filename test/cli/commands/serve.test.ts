import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { cli, demoModel, startRealizar } from '../support/cli.ts';

describe('realizar serve', () => {
  test('prints where it listens and a request to paste, answers it, and ends with 0 on SIGTERM', async () => {
    const server = startRealizar('serve', '--demo', '--port', '0', '--threads', '1');
    const ended = once(server, 'exit');
    let url = '';
    const printed: string[] = [];
    for await (const line of createInterface({ input: server.stdout! })) {
      printed.push(line);
      url ||= /^Server listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1] ?? '';
      if (line.includes("-d '{")) break;
    }
    expect(await (await fetch(`${url}/models`)).json()).toMatchObject({ models: [{ id: 'demo', format: 'gguf' }] });
    expect(printed[0]).toBe('Starting Realizar inference server (demo mode)...');
    expect(printed).toContain('  POST /v1/chat/completions');

    const body = /-d '(.*)'/.exec(printed.at(-1)!)![1]!;
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toMatch(/data: \[DONE\]\n\n$/);

    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test('loads what is asked for, and stops in the same process', async () => {
    const { stdout } = await cli(
      ['serve', demoModel, '--port', '0', '--backend', 'reference', '-c', '128', '--cache-size', '1'],
      undefined,
      (printed) => printed.includes('Try it:') && process.emit('SIGTERM', 'SIGTERM'),
    );
    expect(stdout).toContain('Models: demo');
  });

  test('warns where others can reach it', async () => {
    const { stderr } = await cli(
      ['serve', '--demo', '--host', '0.0.0.0', '--port', '0', '--threads', '1'],
      undefined,
      (printed) => printed.includes('Try it:') && process.emit('SIGTERM', 'SIGTERM'),
    );
    expect(stderr).toMatch(/^Warning: .* no API key/);
  });

  test('told to end while it loads, ends without a word', async () => {
    const { stdout, stderr } = await cli(['serve', '--demo', '--port', '0', '--threads', '1'], undefined, () =>
      setTimeout(() => process.emit('SIGTERM', 'SIGTERM'), 1),
    );
    expect(stdout).toMatch(/^Starting/);
    expect(stderr).toBe('');
  });

  test('refuses two models of one name', async () => {
    await expect(cli(['serve', demoModel, '-m', demoModel])).rejects.toThrow('Two models are called "demo"');
  });

  test('says which file is wrong', async () => {
    await expect(cli(['serve', 'nowhere.gguf', '--port', '0'])).rejects.toThrow('nowhere.gguf');
  });
});
