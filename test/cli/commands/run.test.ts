import { describe, expect, test } from 'vitest';
import { cli, demoModel } from '../support/cli.ts';

interface Answer {
  readonly model: string;
  readonly prompt_token_ids: number[];
  readonly token_ids: number[];
  readonly text: string;
  readonly finish_reason: string;
  readonly timings: Readonly<Record<string, number>>;
}

const json = async (...args: string[]): Promise<Answer> =>
  JSON.parse((await cli(['run', demoModel, ...args, '-f', 'json'])).stdout) as Answer;

describe('realizar run', () => {
  test('continues a raw text, greedily', async () => {
    const answer = await json('Once upon a time', '--raw', '-t', '0', '-n', '12');
    expect(answer.model).toBe('demo');
    expect(answer.text).toMatch(/^, there was a brave mouse named Mia/);
    expect(answer.token_ids).toHaveLength(12);
    expect(answer.finish_reason).toBe('length');
    expect(Object.keys(answer.timings)).toEqual([
      'load_ms',
      'prefill_tokens',
      'prefill_ms',
      'decode_tokens',
      'decode_ms',
    ]);
    expect(answer.timings['prefill_tokens']).toBe(answer.prompt_token_ids.length);
  });

  test('answers with the chat template, and stops where the answer ends', async () => {
    const answer = await json('Who are you?', '-t', '0');
    expect(answer.text).toBe(
      'I am the demo model of realizar, a very small language model. I tell little stories and explain some words about running models locally.',
    );
    expect(answer.finish_reason).toBe('stop');
  });

  test('goes on past the end when told to', async () => {
    const answer = await json('Who are you?', '-t', '0', '--ignore-eos', '-n', '60');
    expect(answer.token_ids).toHaveLength(60);
    expect(answer.finish_reason).toBe('length');
  });

  test('guesses from the prompt without changing the answer, and counts its guesses', async () => {
    const plain = await json('Once upon a time', '--raw', '-t', '0', '-n', '80');
    const guessed = await json('Once upon a time', '--raw', '-t', '0', '-n', '80', '--prompt-lookup', '6');
    expect(guessed.token_ids).toEqual(plain.token_ids);
    expect(guessed.timings['drafted_tokens']).toBeGreaterThan(0);
    expect(guessed.timings['accepted_tokens']).toBeLessThanOrEqual(guessed.timings['drafted_tokens']!);
  });

  test('a system message changes the prompt', async () => {
    const [plain, instructed] = [await json('Hello', '-n', '1'), await json('Hello', '-n', '1', '-s', 'Be brief.')];
    expect(instructed.prompt_token_ids.length).toBeGreaterThan(plain.prompt_token_ids.length);
  });

  test('the same seed gives the same text, another one another', async () => {
    const sample = async (seed: string) =>
      (
        await json(
          'Once upon a time',
          '--raw',
          '-t',
          '1.5',
          '--top-k',
          '0',
          '--top-p',
          '1',
          '--min-p',
          '0',
          '-n',
          '24',
          '--seed',
          seed,
        )
      ).text;
    expect(await sample('7')).toBe(await sample('7'));
    expect(await sample('7')).not.toBe(await sample('8'));
  });

  test('stops at a text, which is not part of the answer', async () => {
    const answer = await json('Once upon a time', '--raw', '-t', '0', '--stop', ' Mia', '--stop', 'never said');
    expect(answer.text).toBe(', there was a brave mouse named');
    expect(answer.finish_reason).toBe('stop');
  });

  test('reads the prompt from standard input', async () => {
    const { stdout } = await cli(['run', demoModel, '-', '--raw', '-t', '0', '-n', '4'], 'Once upon a time');
    expect(stdout).toMatch(/^, there was/);
  });

  test('streams one JSON line per token, whose texts join to the answer', async () => {
    const args = ['run', demoModel, 'Once upon a time', '--raw', '-t', '0', '-n', '10'];
    const lines = (await cli([...args, '-f', 'stream'])).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { text: string; finish_reason?: string });
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)!.finish_reason).toBe('length');
    expect(`${lines.map(({ text }) => text).join('')}\n`).toBe((await cli(args)).stdout);
  });

  test('reference and wasm say the same', async () => {
    const say = (backend: string) => json('The little fox', '--raw', '-t', '0', '-n', '20', '--backend', backend);
    expect((await say('reference')).token_ids).toEqual((await say('wasm')).token_ids);
  });

  test('needs a prompt', async () => {
    await expect(cli(['run', demoModel])).rejects.toThrow('There is no prompt');
  });

  test('a prompt longer than the context is refused with both numbers', async () => {
    await expect(cli(['run', demoModel, 'word '.repeat(600), '--raw'])).rejects.toThrow(/\b512\b/);
  });

  test('an empty standard input is no prompt, unless it is asked for', async () => {
    await expect(cli(['run', demoModel], '')).rejects.toThrow('There is no prompt');
    expect((await cli(['run', demoModel, '-', '-n', '1'], '')).stdout).not.toBe('');
  });

  test('Ctrl-C before the end still gives the JSON, and the exit code 130', async () => {
    const listeners = process.listenerCount('SIGINT');
    const interrupt = setInterval(() => {
      if (process.listenerCount('SIGINT') === listeners) return;
      clearInterval(interrupt);
      process.emit('SIGINT', 'SIGINT');
    });
    expect((await json('Once', '--raw', '--ignore-eos', '--backend', 'reference')).finish_reason).toBe('cancelled');
    expect(process.exitCode).toBe(130);
    process.exitCode = undefined;
    process.removeAllListeners('SIGINT');
  });
});
