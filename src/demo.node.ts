import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RealizarError } from './errors.ts';

/** The model that comes with realizar. `models/` lies beside `src/` in the repository and beside `dist/` in the package. */
export function demoModelPath(): string {
  const path = fileURLToPath(new URL('../models/demo.gguf', import.meta.url));
  if (existsSync(path)) return path;
  throw new RealizarError('file-not-found', `The demo model is missing: ${path}. Install realizar again.`);
}
