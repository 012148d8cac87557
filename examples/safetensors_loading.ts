// A linear model kept in a SafeTensors file: write it, open it, predict.
//
//   node examples/safetensors_loading.ts
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSafetensors, writeSafetensors } from 'realizar/safetensors';

const folder = await mkdtemp(join(tmpdir(), 'realizar-'));
const path = join(folder, 'regression.safetensors');
await writeFile(
  path,
  writeSafetensors(
    [
      { name: 'coefficients', dtype: 'f32', shape: [3], data: new Float32Array([2, 3, 1.5]) },
      { name: 'intercept', dtype: 'f32', shape: [1], data: new Float32Array([0.5]) },
    ],
    { format: 'pt' },
  ),
);

const file = openSafetensors(await readFile(path));
const coefficients = file.float32('coefficients');
const [intercept = 0] = file.float32('intercept');
const features = [1, 2, 3];
const prediction = features.reduce((sum, x, i) => sum + x * coefficients[i]!, intercept);

console.log(`tensors: ${[...file.tensors.keys()].join(', ')}`);
console.log(`prediction: 2·1 + 3·2 + 1.5·3 + 0.5 = ${prediction.toFixed(1)}`);
await rm(folder, { recursive: true });
