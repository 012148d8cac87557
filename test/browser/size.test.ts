import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPage } from './support/build-page.ts';

/** Bytes after gzip. */
const MAX_ENTRY = 120_000;
/** The entry with one backend's code, its kernels among it. */
const MAX_WITH_BACKEND = 160_000;

describe('what a page downloads', () => {
  let root: string;
  let files: ReadonlyMap<string, string>;
  beforeAll(async () => {
    root = await buildPage();
    const folder = join(root, 'browser');
    files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const named = (part: string): string => [...files.keys()].find((name) => name.startsWith(part))!;
  const gzipped = (names: Iterable<string>): number =>
    [...names].reduce((sum, name) => sum + gzipSync(files.get(name)!, { level: 9 }).length, 0);

  /** A file and all that it imports before it runs. */
  function withImports(name: string, seen = new Set<string>()): Set<string> {
    if (seen.has(name)) return seen;
    seen.add(name);
    const imports = files.get(name)!.matchAll(/(?:\bfrom|\bimport)\s*["'`]\.\/([^"'`]+)["'`]/g);
    for (const [, next] of imports) withImports(next!, seen);
    return seen;
  }

  test('the entry is under 120 kB gzip, in the page and in its worker', () => {
    for (const entry of ['index.js', 'worker.js']) {
      const size = gzipped(withImports(entry));
      console.log(`${entry}: ${(size / 1000).toFixed(1)} kB gzip`);
      expect(size).toBeLessThan(MAX_ENTRY);
    }
  });

  test.each([
    { backend: 'webgpu', chunks: ['open-webgpu'] },
    { backend: 'wasm', chunks: ['wasm-backend', 'wasm-relaxed'] },
    { backend: 'wasm without relaxed SIMD', chunks: ['wasm-backend', 'wasm-simd'] },
  ])('with $backend it stays small', ({ backend, chunks }) => {
    const all = ['index.js', 'worker.js', ...chunks.map(named)].reduce(
      (seen, name) => withImports(name, seen),
      new Set<string>(),
    );
    const size = gzipped(all);
    console.log(`with ${backend}: ${(size / 1000).toFixed(1)} kB gzip`);
    expect(size).toBeLessThan(MAX_WITH_BACKEND);
  });

  test('gpu.js is one chunk, which nothing else needs', () => {
    const chunks = [...files.keys()].filter(
      (name) => files.get(name)!.includes('texImage2D') && name.startsWith('gpu-browser'),
    );
    expect(chunks).toHaveLength(1);
    for (const entry of ['index.js', 'worker.js', named('webgl-backend')])
      expect(withImports(entry)).not.toContain(chunks[0]);
  });

  test('nothing of Node and no package is imported', () => {
    for (const [name, source] of files) {
      // Imports stand at the beginning of a minified module; dynamic ones anywhere.
      const specifiers = [
        ...source.matchAll(/(?:^|;)import(?:[^"'`;()]*from)?["'`]([^"'`]+)["'`]/g),
        ...source.matchAll(/\bimport\(["'`]([^"'`]+)["'`]\)/g),
      ].map(([, specifier]) => specifier!);
      expect(
        specifiers.filter((specifier) => !specifier.startsWith('./')),
        name,
      ).toEqual([]);
    }
  });
});
