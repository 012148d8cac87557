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
  },
]);
