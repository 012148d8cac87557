import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Where no GPU has a driver, the shaders run on the software one that Chromium brings.
const drivers = '/usr/share/vulkan/icd.d';
const software = '/usr/lib/chromium/vk_swiftshader_icd.json';
const hasDriver = existsSync(drivers) && readdirSync(drivers).some((file) => !/lvp/.test(file));
if (!hasDriver && existsSync(software)) process.env.VK_ICD_FILENAMES ??= software;

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
