import type { WriteStream } from 'node:tty';

export interface ProgressBar {
  /** @param share from 0 to 1 */
  update(share: number, text: string): void;
  /** Takes the bar away. */
  end(): void;
}

const WIDTH = 24;
const CLEAR_LINE = '\r\u001b[2K';

/** A bar on one line of a terminal, drawn over itself. It only writes: what is typed or piped meanwhile is not its own. */
export function progressBar(terminal: Pick<WriteStream, 'write' | 'columns'>): ProgressBar {
  let shown = '';
  return {
    update(share, text) {
      const full = Math.round(WIDTH * Math.min(share, 1));
      // A line that wraps could not be drawn over.
      const line = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${text}`.slice(0, terminal.columns - 1);
      if (line !== shown) terminal.write(`${CLEAR_LINE}${line}`);
      shown = line;
    },
    end: () => void terminal.write(CLEAR_LINE),
  };
}
