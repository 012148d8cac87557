import { defineConfig } from 'vitest/config';
import { useSoftwareGpu } from './test/support/software-gpu.ts';

useSoftwareGpu();

/** `npm run test:golden`: every golden prompt in every format, on every backend. About twenty minutes on two idle cores. */
export default defineConfig({
  test: {
    include: ['test/golden/**/*.test.ts'],
    pool: 'forks',
    // Each file holds a model twice, once of them in f32: more at once would need more memory than they save time.
    maxWorkers: 2,
    testTimeout: 30 * 60_000,
    hookTimeout: 5 * 60_000,
    reporters: ['default', './test/support/count-reporter.ts'],
  },
});
