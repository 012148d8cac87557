import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/golden/**'],
    pool: 'forks',
    setupFiles: ['./test/support/properties.ts'],
    testTimeout: 30_000,
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
