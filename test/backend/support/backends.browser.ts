import { kvDTypes } from '../../../src/backend/backend.ts';
import { createWebglBackend } from '../../../src/backend/webgl/webgl-backend.ts';
import { type Candidate, describeOn } from './candidate.ts';

// In pages this file stands in for backends.ts: what runs nowhere else.

export const candidates: readonly Candidate[] = [
  { name: 'webgl', open: () => createWebglBackend(), tolerance: () => 1e-5, kvDTypes },
];

export const describeEachBackend = describeOn(candidates);
