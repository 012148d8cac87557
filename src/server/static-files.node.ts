import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { StaticFiles } from './static-files.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/**
 * The files that lie now in some folders of `root`, by `folder/name`; of the types that pages are made of. What is not
 * listed here cannot be asked for, whatever a path says.
 */
export function staticFiles(root: string, folders: readonly string[]): StaticFiles {
  const known = new Map<string, string>(
    folders.flatMap((folder) =>
      namesIn(join(root, folder)).flatMap((name) => {
        const type = types[extname(name)];
        return type === undefined ? [] : [[`${folder}/${name}`, type] as const];
      }),
    ),
  );
  return async (path) => {
    const type = known.get(path);
    return type === undefined ? undefined : { type, bytes: new Uint8Array(await readFile(join(root, path))) };
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not built
  }
}
