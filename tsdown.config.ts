import { defineConfig } from 'tsdown';

const common = { format: 'esm', target: 'es2023', dts: true, clean: true, fixedExtension: false } as const;

export default defineConfig([
  {
    ...common,
    name: 'node',
    entry: {
      index: 'src/index.ts',
      gguf: 'src/gguf/index.ts',
      safetensors: 'src/safetensors/index.ts',
      tokenizer: 'src/tokenizer/index.ts',
      sampling: 'src/sampling/index.ts',
      server: 'src/server/index.ts',
      cli: 'src/cli/main.ts',
    },
    platform: 'node',
  },
  {
    ...common,
    name: 'browser',
    entry: { index: 'src/browser/index.ts', worker: 'src/browser/worker.ts' },
    outDir: 'dist/browser',
    platform: 'browser',
    minify: true,
    // Pages without a bundler have no packages.
    deps: { alwaysBundle: ['@huggingface/jinja'] },
  },
  {
    ...common,
    name: 'page',
    entry: { page: 'examples/browser/page.ts' },
    outDir: 'dist/page',
    platform: 'browser',
    dts: false,
    minify: true,
    copy: ['examples/browser/index.html', 'examples/browser/page.css'],
    // The page takes the engine from the files beside it, as any page without a bundler may.
    plugins: [
      {
        name: 'the engine beside the page',
        resolveId: (id) => (id === 'realizar/browser' ? { id: '../browser/index.js', external: true } : null),
      },
    ],
  },
]);
