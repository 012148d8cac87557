import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { chromiumPath, softwareGpu } from './test/support/chromium.ts';
import { derivedModel, sharedPath } from './test/support/inputs.ts';
import { serveFiles } from './test/support/serve-files.ts';

const files = new Map([
  ['/data/demo.gguf', 'models/demo.gguf'],
  ['/data/demo.json', sharedPath('reference/demo/greedy.json')],
  ['/data/smollm2.gguf', derivedModel('SmolLM2-135M-Instruct.Q8_0.gguf')],
  ['/data/smollm2.json', sharedPath('reference/smollm2/greedy.Q8_0.json')],
]);

/** The backends that the contract's tests run on here. */
const pageBackends = resolve('test/backend/support/backends.browser.ts');

/** `npm run test:browser`: what has to run in a page, in Chromium. Part of `npm test` where there is one. */
export default defineConfig({
  plugins: [
    { name: 'data', configureServer: (server) => void server.middlewares.use(serveFiles(files)) },
    {
      name: 'backends of pages',
      enforce: 'pre',
      resolveId: (id) => (id.endsWith('support/backends.ts') ? pageBackends : null),
    },
  ],
  server: {
    // Pages get SharedArrayBuffer, and with it threads, only behind these.
    headers: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  },
  test: {
    name: 'chromium',
    include: ['test/**/*.browser.ts', 'test/backend/ops/*.test.ts'],
    exclude: ['test/**/support/**', 'test/backend/ops/kv-dtypes.test.ts'],
    testTimeout: 120_000,
    provide: { inputs: [...files].flatMap(([url, path]) => (existsSync(path) ? [url] : [])) },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { ...(chromiumPath && { executablePath: chromiumPath }), args: softwareGpu },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
