// Embeds shaders/**/*.wgsl as text into src/generated/shaders.ts, so that no bundler has to find a file.
//
//   node scripts/embed-shaders.ts        writes when a shader changed; prints what it wrote
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'shaders');
const output = join(root, 'src/generated/shaders.ts');

const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.wgsl')).sort();
const entries = await Promise.all(
  names.map(async (name) => {
    const text = await readFile(join(folder, name), 'utf8');
    return `  ${JSON.stringify(
      name
        .split(sep)
        .join('/')
        .replace(/\.wgsl$/, ''),
    )}: ${JSON.stringify(text)},\n`;
  }),
);
const module = `// Written by scripts/embed-shaders.ts from shaders/
export const shaders: Readonly<Record<string, string>> = {\n${entries.join('')}};\n`;

if ((await readFile(output, 'utf8').catch(() => '')) !== module) {
  await mkdir(join(output, '..'), { recursive: true });
  const unfinished = `${output}.${process.pid}`;
  await writeFile(unfinished, module);
  await rename(unfinished, output);
  console.log(`src/generated/shaders.ts: ${names.length} shaders, ${module.length} bytes`);
}
