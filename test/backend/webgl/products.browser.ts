import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uploadMatrix } from '../../../src/backend/webgl/matrix.ts';
import { openContext, type GlContext } from '../../../src/backend/webgl/open-context.ts';
import { Products } from '../../../src/backend/webgl/products.ts';

const random = (length: number): Float32Array => Float32Array.from({ length }, () => Math.random() * 2 - 1);

describe('products on WebGL2', () => {
  let context: GlContext;
  let products: Products;
  beforeAll(async () => {
    context = openContext();
    products = await Products.open(context);
  });
  afterAll(() => products.dispose());

  const upload = (values: Float32Array, rows: number, columns: number, limits: GlContext = context) =>
    uploadMatrix(limits, 'weight', rows, columns, (first, count) =>
      Promise.resolve(values.subarray(first * columns, (first + count) * columns)),
    );

  test.each([
    { rows: 5, columns: 4, tokens: 1 },
    { rows: 64, columns: 96, tokens: 1 },
    { rows: 33, columns: 7, tokens: 3 },
    { rows: 200, columns: 192, tokens: 64 },
    { rows: 192, columns: 512, tokens: 5 },
    { rows: 9000, columns: 12, tokens: 2 },
  ])('$tokens x $columns by $rows', async ({ rows, columns, tokens }) => {
    const weights = random(rows * columns);
    const matrix = await upload(weights, rows, columns);
    const inputs = random(tokens * columns);
    const product = products.multiply(matrix, inputs);
    expect(product).toHaveLength(tokens * rows);
    let worst = 0;
    product.forEach((value, i) => {
      const [token, row] = [Math.floor(i / rows), i % rows];
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += weights[row * columns + c]! * inputs[token * columns + c]!;
      worst = Math.max(worst, Math.abs(sum - value));
    });
    expect(worst).toBeLessThan(1e-4);
    products.free(matrix);
  });

  test.each([
    { rows: 9000, columns: 10 },
    { rows: 300, columns: 192 },
  ])('rows of $rows x $columns by number', async ({ rows, columns }) => {
    const weights = random(rows * columns);
    const matrix = await upload(weights, rows, columns);
    for (const numbers of [[0], [rows - 1, 3, 3, 0], Array.from({ length: 40 }, (_, i) => (i * 7919) % rows)]) {
      const wanted = numbers.flatMap((row) => [...weights.subarray(row * columns, (row + 1) * columns)]);
      expect([...products.rows(matrix, Int32Array.from(numbers))]).toEqual(wanted);
    }
    products.free(matrix);
  });
});
