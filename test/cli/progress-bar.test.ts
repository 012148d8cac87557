import { expect, test } from 'vitest';
import { progressBar } from '../../src/cli/progress-bar.ts';

function terminal(columns: number) {
  const written: string[] = [];
  return { columns, written, write: (text: string) => written.push(text) > 0 };
}

test('a bar fills up, over itself on one line, and goes away', () => {
  const screen = terminal(80);
  const bar = progressBar(screen);
  bar.update(0, 'begun');
  bar.update(0.5, 'half');
  bar.update(0.5, 'half');
  bar.update(1.2, 'done');
  bar.end();
  const clear = '\r\u001b[2K';
  expect(screen.written).toEqual([
    `${clear}${'░'.repeat(24)} begun`,
    `${clear}${'█'.repeat(12)}${'░'.repeat(12)} half`,
    `${clear}${'█'.repeat(24)} done`,
    clear,
  ]);
});

test('a line never wraps', () => {
  const screen = terminal(30);
  progressBar(screen).update(0, 'a long name of a model');
  expect(screen.written[0]!.replace('\r\u001b[2K', '')).toHaveLength(29);
});
