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

  const upload = (values: Float32Array, rows: number, columns: number, maxSize = context.maxSize) =>
    uploadMatrix({ ...context, maxSize }, 'weight', rows, columns, (first, count) =>
      Promise.resolve(values.subarray(first * columns, (first + count) * columns)),
    );

  /** Largest difference from float64 sums. */
  async function error(rows: number, columns: number, tokens: number): Promise<number> {
    const weights = random(rows * columns);
    const matrix = await upload(weights, rows, columns);
    const inputs = random(tokens * columns);
    const product = products.multiply(matrix, inputs);
    products.free(matrix);
    expect(product).toHaveLength(tokens * rows);
    return product.reduce((worst, value, i) => {
      const [w, x] = [(i % rows) * columns, Math.floor(i / rows) * columns];
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += weights[w + c]! * inputs[x + c]!;
      return Math.max(worst, Math.abs(sum - value));
    }, 0);
  }

  test.each([
    { rows: 5, columns: 4, tokens: 1 },
    { rows: 33, columns: 7, tokens: 3 },
    { rows: 200, columns: 192, tokens: 64 },
    { rows: 9000, columns: 12, tokens: 2 },
    { rows: 3, columns: 40_003, tokens: 2 },
  ])('$tokens x $columns by $rows', async ({ rows, columns, tokens }) => {
    expect(await error(rows, columns, tokens)).toBeLessThan(1e-3);
  });

  test('are right again when a kernel meets larger and smaller ones', async () => {
    const sizes = [
      [96, 1],
      [96, 5],
      [40, 64],
      [40, 1],
      [600, 64],
      [96, 5],
      [7, 64],
    ] as const;
    for (const [rows, tokens] of sizes) expect(await error(rows, 576, tokens)).toBeLessThan(1e-3);
  });

  test.each([
    { rows: 9000, columns: 10 },
    { rows: 300, columns: 192 },
    { rows: 3, columns: 40_003 },
  ])('rows of $rows x $columns by number', async ({ rows, columns }) => {
    const weights = random(rows * columns);
    const matrix = await upload(weights, rows, columns);
    for (const numbers of [[0], [rows - 1, 2, 2, 0], Array.from({ length: 70 }, (_, i) => (i * 7919) % rows)]) {
      const wanted = numbers.map((row) => weights.subarray(row * columns, (row + 1) * columns));
      const actual = products.rows(matrix, Int32Array.from(numbers));
      wanted.forEach((row, i) => expect(actual.subarray(i * columns, (i + 1) * columns)).toEqual(row));
    }
    products.free(matrix);
  });

  test('matrices are cut and folded where textures are small, and refused where not even a row fits', async () => {
    const weights = random(50 * 100);
    const inputs = random(3 * 100);
    const whole = await upload(weights, 50, 100);
    const cut = await upload(weights, 50, 100, 16);
    expect(cut.parts.length).toBeGreaterThan(whole.parts.length);
    expect(cut.layout).toMatchObject({ folds: 2, width: 13 });
    expect(products.rows(cut, Int32Array.of(0, 49, 7))).toEqual(products.rows(whole, Int32Array.of(0, 49, 7)));
    await expect(upload(inputs, 1, 300, 4)).rejects.toMatchObject({ code: 'limit-exceeded', field: 'weight' });
  });
});
