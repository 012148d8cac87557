import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { version } from '../../src/version.ts';
import { demoModel, realizar, startRealizar } from './support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'realizar-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('exit codes and messages', { concurrent: true }, () => {
  test('--help explains and exits with 0', async () => {
    const { code, stdout } = await realizar('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: realizar');
    for (const command of ['run', 'chat', 'info', 'tokenize', 'logits', 'perplexity', 'bench', 'serve', 'doctor'])
      expect(stdout).toContain(`  ${command} `);
  });

  test.for(['run', 'chat', 'info', 'tokenize', 'logits', 'perplexity', 'bench', 'serve', 'doctor'])(
    '%s --help shows an example',
    async (command) => {
      const { code, stdout } = await realizar(command, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`$ realizar ${command}`);
    },
  );

  test('serve --help names its options', async () => {
    const { stdout } = await realizar('serve', '--help');
    for (const option of ['--demo', '--port', '--host', '--cache-size']) expect(stdout).toContain(option);
  });

  test('--version prints the version', async () => {
    expect(await realizar('--version')).toEqual({ code: 0, stdout: `realizar ${version}\n`, stderr: '' });
  });

  test.for([
    [],
    ['paint'],
    ['serve', '--port', 'invalid'],
    ['serve', '--port', '65536'],
    ['run'],
    ['run', 'm.gguf', 'hi', '--colour'],
    ['run', 'm.gguf', 'hi', '-n', '1.5'],
    ['run', 'm.gguf', 'hi', '--raw', '--system', 'Be brief.'],
  ])('a wrong command line, %j, exits with 2', async (args) => {
    const { code, stderr } = await realizar(...args);
    expect(code).toBe(2);
    expect(stderr).not.toBe('');
  });

  test('serve without a model exits with 1 and names the way out', async () => {
    const { code, stderr } = await realizar('serve');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: .*--model.*--demo.*\n$/);
  });

  test.for([
    ['a missing file', 'missing.gguf', undefined],
    ['an empty file', 'empty.gguf', ''],
    ['text', 'text.gguf', 'once upon a time'],
    ['a cut model', 'cut.gguf', 'GGUF\u0003\0\0\0'],
  ] as const)('%s ends with 1 and one sentence that names the file', async ([, name, content]) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    const { code, stdout, stderr } = await realizar('run', path, 'hi');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(name);
  });

  test('a missing text file ends with 1 and a sentence', async () => {
    const { code, stderr } = await realizar('perplexity', demoModel, 'missing.txt');
    expect(code).toBe(1);
    expect(stderr).toBe('Error: missing.txt does not exist\n');
  });

  test('an answer goes to standard output alone', async () => {
    const { code, stdout, stderr } = await realizar(
      'run',
      demoModel,
      'Once upon a time',
      '--raw',
      '-t',
      '0',
      '-n',
      '8',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^, there was [\w ]+\n$/);
    expect(stderr).toMatch(/tok\/s/);
  });

  // The oracle's backend, because it is slow enough to be cut short.
  const longAnswer = ['run', demoModel, 'Once', '--raw', '--ignore-eos', '-n', '500', '--backend', 'reference'];

  test('Ctrl-C ends an answer where it is, and exits with 130', async () => {
    const command = startRealizar(...longAnswer);
    const ended = once(command, 'exit');
    let stderr = '';
    command.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await once(command.stdout!, 'data');
    command.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(stderr).toContain('cancelled');
  });

  test('a reader that leaves ends the answer without a word', async () => {
    const command = startRealizar(...longAnswer);
    const ended = once(command, 'exit');
    let stderr = '';
    command.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await once(command.stdout!, 'data');
    command.stdout!.destroy();
    expect(await ended).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});
