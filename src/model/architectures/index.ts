import { RealizarError } from '../../errors.ts';
import type { Architecture } from '../architecture.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';

/** To add an architecture: its file, and its line here. */
export const architectures: readonly Architecture[] = [llama, mistral, qwen2, qwen3];

/** @throws RealizarError `unknown-architecture`, naming those that are known */
export function architectureNamed(name: string): Architecture {
  const found = architectures.find((architecture) => architecture.name === name);
  if (found !== undefined) return found;
  const known = architectures.map((architecture) => architecture.name).join(', ');
  throw new RealizarError(
    'unknown-architecture',
    `the model's architecture is "${printable(name)}"; known are ${known}`,
    {
      field: 'general.architecture',
    },
  );
}

/** Names come from files: short, and without what a terminal would obey. */
const printable = (name: string) => name.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, '?');
