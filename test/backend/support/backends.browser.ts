import { afterAll, beforeAll, describe } from 'vitest';
import { kvDTypes, type Backend } from '../../../src/backend/backend.ts';
import { createWebglBackend } from '../../../src/backend/webgl/webgl-backend.ts';
import type { Candidate } from './backends.ts';

// In pages this file stands in for backends.ts: what runs nowhere else.

export const candidates: readonly Candidate[] = [
  { name: 'webgl', open: () => createWebglBackend(), tolerance: () => 1e-5, kvDTypes },
];

export function describeEachBackend(op: string, body: (backend: () => Backend, candidate: Candidate) => void): void {
  describe.each(candidates)(`${op} on $name`, (candidate) => {
    let backend: Backend | undefined;
    beforeAll(async () => {
      backend = await candidate.open();
    });
    afterAll(async () => {
      await backend?.dispose();
    });
    body(() => backend!, candidate);
  });
}
