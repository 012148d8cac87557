import { defineConfig } from 'vitest/config';
import { useSoftwareGpu } from './test/support/software-gpu.ts';
import { chromiumPath } from './test/support/chromium.ts';

useSoftwareGpu();

if (chromiumPath === undefined) console.warn('skipped: tests in pages: there is no Chromium; CHROMIUM may name one');

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/golden/**'],
          pool: 'forks',
          setupFiles: ['./test/support/properties.ts'],
          testTimeout: 30_000,
        },
      },
      ...(chromiumPath === undefined ? [] : ['./vitest.browser.config.ts']),
    ],
    reporters: ['default', './test/support/count-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/generated/**', 'src/backend/wasm/assembly/**'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 95 },
    },
  },
});
