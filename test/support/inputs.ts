import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const shared = process.env['REALIZAR_SHARED'] ?? resolve(root, '../shared');

/** A file or folder of the reference data that lies beside the repository. */
export const sharedPath = (path: string): string => resolve(shared, path);

/** A model derived from the reference weights by `npm run derive` into an ignored folder. */
export const derivedModel = (name: string): string => resolve(root, '.cache/models', name);

/** `describe` for tests that need files from outside: skipped with a reason where they are absent, failed where they are required. */
export function describeWithInputs(name: string, paths: readonly string[], body: () => void): void {
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length > 0 && process.env['REQUIRE_MODELS'] === '1')
    throw new Error(`REQUIRE_MODELS=1, but ${missing.join(', ')} is missing`);
  if (missing.length === 0) return void describe(name, body);
  console.warn(`skipped: ${name}: ${missing.join(', ')} is missing`);
  describe.skip(name, body);
}
