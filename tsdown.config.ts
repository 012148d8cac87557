import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    gguf: 'src/gguf/index.ts',
    safetensors: 'src/safetensors/index.ts',
    tokenizer: 'src/tokenizer/index.ts',
    sampling: 'src/sampling/index.ts',
    server: 'src/server/index.ts',
    cli: 'src/cli/main.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'es2023',
  dts: true,
  clean: true,
  fixedExtension: false,
});
