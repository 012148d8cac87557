import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cli, demoModel } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'realizar-chat-'));
afterAll(() => rmSync(folder, { recursive: true }));

const chat = async (lines: readonly string[], ...args: string[]) =>
  cli(['chat', demoModel, '-t', '0', '-n', '40', ...args], `${lines.join('\n')}\n`);

describe('realizar chat', () => {
  test('answers line by line', async () => {
    const { stdout } = await chat(['Who are you?', 'What is a token?']);
    expect(stdout).toContain('I am the demo model of realizar');
    expect(stdout.match(/\n/g)!.length).toBeGreaterThanOrEqual(2);
  });

  test('saves, loads and forgets', async () => {
    const file = join(folder, 'talk.json');
    const { stdout, stderr } = await chat([
      '/system Be kind.',
      'Who are you?',
      `/save ${file}`,
      '/reset',
      '/regenerate',
      `/load ${file}`,
      '/exit',
      'not read',
    ]);
    expect(stdout).toContain('Saved 3 messages.');
    expect(stdout).toContain('Loaded 3 messages.');
    expect(stderr).toContain('no message to answer');
    const saved = JSON.parse(readFileSync(file, 'utf8')) as { role: string }[];
    expect(saved.map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
  });

  test('answers the last message again', async () => {
    const { stdout } = await chat(['Who are you?', '/regenerate']);
    expect(stdout.match(/I am the demo model/g)).toHaveLength(2);
  });

  test('keeps its history in a file', async () => {
    const file = join(folder, 'history.json');
    await chat(['Who are you?'], '--history', file);
    await chat(['What is a token?'], '--history', file);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(4);
  });

  test('explains its commands, and goes on after a wrong one', async () => {
    const { stdout, stderr } = await chat([
      '/help',
      '/paint',
      '/save',
      '/load nowhere.json',
      '/save /nowhere/talk.json',
      '',
      '/system',
      'Who are you?',
    ]);
    expect(stdout).toContain('/regenerate');
    expect(stderr).toContain('no command /paint');
    expect(stderr).toContain('/save needs a file name');
    expect(stderr).toContain('nowhere.json cannot be read');
    expect(stderr).toContain('/nowhere/talk.json cannot be written');
    expect(stdout).toContain('I am the demo model');
  });

  test('forgets a message that was too long, and goes on', async () => {
    const { stdout, stderr } = await chat(['long '.repeat(200), 'Who are you?'], '-c', '128');
    expect(stderr).toContain('the context');
    expect(stdout).toContain('I am the demo model');
  });

  test('does not echo what is piped in, where the answer goes to a terminal', async () => {
    const { isTTY } = process.stdout;
    process.stdout.isTTY = true;
    try {
      expect((await chat(['Who are you?'])).stdout).not.toContain('Who are you?');
    } finally {
      process.stdout.isTTY = isTTY;
    }
  });
});
