import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

interface Room {
  /** Folders or files of src that it may import; its own files always. */
  readonly may: readonly string[];
  /** Outside packages. */
  readonly packages?: readonly string[];
  /** `node:` modules outside *.node.ts. */
  readonly node?: true;
}

/** Who may import whom. Longest matching prefix wins; `errors.ts` may be imported anywhere. */
const house: Readonly<Record<string, Room>> = {
  'errors.ts': { may: [] },
  'version.ts': { may: [] },
  'demo.node.ts': { may: [] },
  'page-files.node.ts': { may: [] },
  dtype: { may: [] },
  tensor: { may: ['dtype'] },
  checkpoint: { may: ['dtype'] },
  gguf: { may: ['dtype', 'checkpoint'] },
  safetensors: { may: ['dtype', 'checkpoint'] },
  'open-checkpoint.node.ts': { may: ['checkpoint', 'gguf', 'safetensors'] },
  'backend/backend.ts': { may: ['dtype', 'tensor'] },
  'backend/batch-limits.ts': { may: ['backend/backend.ts', 'backend/cache-reach.ts', 'backend/id-beyond.ts'] },
  'backend/cache-reach.ts': { may: ['backend/backend.ts'] },
  'backend/check-attention.ts': { may: ['backend/backend.ts', 'backend/cache-reach.ts'] },
  'backend/check-best.ts': { may: [] },
  'backend/check-kv-shape.ts': { may: ['backend/backend.ts'] },
  'backend/id-beyond.ts': { may: ['backend/backend.ts'] },
  'backend/mebibytes.ts': { may: [] },
  'backend/sound-batch.ts': { may: ['tensor', 'backend/backend.ts'] },
  'backend/reference': {
    may: [
      'dtype',
      'tensor',
      'backend/backend.ts',
      'backend/cache-reach.ts',
      'backend/check-best.ts',
      'backend/check-kv-shape.ts',
      'backend/mebibytes.ts',
      'backend/sound-batch.ts',
    ],
  },
  'backend/wasm': {
    may: [
      'dtype',
      'tensor',
      'backend/backend.ts',
      'backend/batch-limits.ts',
      'backend/cache-reach.ts',
      'backend/check-attention.ts',
      'backend/check-best.ts',
      'backend/check-kv-shape.ts',
      'backend/id-beyond.ts',
      'backend/mebibytes.ts',
      'backend/sound-batch.ts',
      'generated',
    ],
  },
  'backend/webgpu': {
    may: [
      'dtype',
      'tensor',
      'backend/backend.ts',
      'backend/reference/kernels',
      'backend/batch-limits.ts',
      'backend/cache-reach.ts',
      'backend/check-attention.ts',
      'backend/check-best.ts',
      'backend/check-kv-shape.ts',
      'backend/id-beyond.ts',
      'backend/mebibytes.ts',
      'backend/sound-batch.ts',
      'generated',
    ],
    packages: ['webgpu'],
  },
  'backend/webgl': {
    may: ['dtype', 'tensor', 'backend/backend.ts', 'backend/wasm'],
    packages: ['gpu.js'],
  },
  'backend/open.ts': { may: ['backend'] },
  'backend/open-ahead.ts': { may: ['backend/backend.ts'] },
  tokenizer: { may: ['checkpoint'] },
  'tokenizer/chat-template.ts': { may: ['checkpoint', 'tokenizer'], packages: ['@huggingface/jinja'] },
  sampling: { may: [] },
  model: { may: ['dtype', 'tensor', 'checkpoint', 'gguf', 'safetensors', 'backend/backend.ts'] },
  engine: { may: ['tensor', 'backend/backend.ts', 'model', 'tokenizer', 'sampling'] },
  'start-engine.ts': {
    may: ['dtype', 'tensor', 'checkpoint', 'backend/backend.ts', 'model', 'tokenizer', 'sampling', 'engine'],
  },
  'start-on-best.ts': { may: ['backend/backend.ts', 'checkpoint', 'engine', 'start-engine.ts'] },
  'load.ts': {
    may: [
      'checkpoint',
      'gguf',
      'open-checkpoint.node.ts',
      'backend/backend.ts',
      'backend/open.ts',
      'backend/open-ahead.ts',
      'engine',
      'start-engine.ts',
      'start-on-best.ts',
    ],
  },
  browser: {
    may: [
      'backend',
      'checkpoint',
      'gguf',
      'model/config.ts',
      'engine',
      'start-engine.ts',
      'start-on-best.ts',
      'version.ts',
    ],
  },
  server: {
    may: ['engine', 'tokenizer', 'sampling', 'version.ts'],
    packages: ['hono', '@hono/node-server', 'zod', '@prometheus-io/client'],
  },
  cli: {
    may: [
      'engine',
      'server',
      'load.ts',
      'sampling',
      'tokenizer',
      'model',
      'checkpoint',
      'open-checkpoint.node.ts',
      'demo.node.ts',
      'page-files.node.ts',
      'version.ts',
      'backend/open.ts',
      'backend/backend.ts',
      'backend/wasm/probe.ts',
    ],
    packages: ['commander'],
    node: true,
  },
  'index.ts': {
    may: [
      'engine',
      'load.ts',
      'demo.node.ts',
      'version.ts',
      'checkpoint',
      'tokenizer',
      'sampling',
      'model',
      'backend/backend.ts',
    ],
  },
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter(
    (file) => file.endsWith('.ts') && !file.startsWith('generated/') && !file.startsWith('backend/wasm/assembly/'),
  );

function roomOf(file: string): readonly [name: string, room: Room] {
  const name = Object.keys(house)
    .filter((prefix) => file === prefix || file.startsWith(`${prefix}/`))
    .toSorted((a, b) => b.length - a.length)[0];
  if (name === undefined) throw new Error(`src/${file} stands in no room of the house: add its folder to the table`);
  return [name, house[name]!];
}

const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(src, file), 'utf8').matchAll(
      /^(?!\s*(?:\/?\*|\/\/)).*?(?:\bfrom\s+|(?<!typeof )\bimport\s*\(\s*|^\s*import\s+)'([^']+)'/gm,
    ),
  ].map(([, specifier]) => specifier!);

/** What is wrong with one import, or undefined. */
function objection(file: string, specifier: string): string | undefined {
  const [name, room] = roomOf(file);
  if (specifier.startsWith('node:'))
    return room.node || file.endsWith('.node.ts') ? undefined : 'node: modules belong into *.node.ts files';
  if (!specifier.startsWith('.')) {
    const allowed = room.packages?.some((known) => specifier === known || specifier.startsWith(`${known}/`));
    return allowed ? undefined : `${name} may not import packages such as this one`;
  }
  const target = relative(src, resolve(dirname(join(src, file)), specifier))
    .split(sep)
    .join('/');
  if (target.startsWith('..')) return 'it lies outside src';
  const inside = [name, 'errors.ts', ...room.may].some(
    (allowed) => target === allowed || target.startsWith(`${allowed}/`),
  );
  return inside ? undefined : `${name} may import only ${room.may.join(', ') || 'its own files'}`;
}

describe('the house', () => {
  test('imports go downwards only, packages and node: modules stay where they belong', () => {
    const objections = files.flatMap((file) =>
      importsOf(file).flatMap((specifier) => {
        const problem = objection(file, specifier);
        return problem === undefined ? [] : [`src/${file} imports ${specifier}: ${problem}`];
      }),
    );
    expect(objections).toEqual([]);
  });

  test('the table has no room that stands empty', () => {
    expect(Object.keys(house).filter((prefix) => !existsSync(join(src, prefix)))).toEqual([]);
  });

  test('every test file mirrors a source file or folder', () => {
    const root = resolve(src, '..');
    const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.test.ts'),
    );
    const orphans = tests.filter(
      (file) =>
        file.includes('/') &&
        !existsSync(join(src, dirname(file))) &&
        !/^(bench|golden|examples|scripts|support|backend\/ops)/.test(file),
    );
    expect(orphans).toEqual([]);
  });
});
