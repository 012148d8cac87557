import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'tsdown';
import configs from '../../../tsdown.config.ts';

/** Builds the chat page and the browser's engine, as `npm run build` does but for the types. @returns the folder with `page/` and `browser/` */
export async function buildPage(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'realizar-built-'));
  for (const config of configs) {
    const { name } = config;
    if (name !== 'page' && name !== 'browser') continue;
    await build({ ...config, config: false, dts: false, outDir: join(root, name), logLevel: 'error' });
  }
  return root;
}
