// A linear model kept in a SafeTensors file: write it, open it, predict.
//
//   node examples/safetensors_loading.ts
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSafetensorsHeader, tensorView, writeSafetensors } from 'realizar/safetensors';

const folder = await mkdtemp(join(tmpdir(), 'realizar-'));
const path = join(folder, 'regression.safetensors');
await writeFile(
  path,
  writeSafetensors(
    {
      coefficients: { dtype: 'F32', shape: [3], data: Float32Array.of(2, 3, 1.5) },
      intercept: { dtype: 'F32', shape: [1], data: Float32Array.of(0.5) },
    },
    { format: 'pt' },
  ),
);

const file = await readFile(path);
const { tensors } = parseSafetensorsHeader(file);
const coefficients = tensorView(file, tensors.get('coefficients')!, 'F32'); // a view of the file's bytes where they are aligned
const intercept = tensorView(file, tensors.get('intercept')!, 'F32')[0]!;
const features = [1, 2, 3];
const prediction = features.reduce((sum, x, i) => sum + x * coefficients[i]!, intercept);

console.log(`tensors: ${[...tensors.keys()].join(', ')}`);
console.log(`prediction: 2·1 + 3·2 + 1.5·3 + 0.5 = ${prediction.toFixed(1)}`);
await rm(folder, { recursive: true });
