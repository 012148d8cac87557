import { RealizarError } from '../../errors.ts';
import type { GlContext } from './open-context.ts';

/** Four neighbouring f32 of a row make one texel. */
const TEXEL_FLOATS = 4;

/** Bytes of one texture of a weight: drivers refuse larger ones sooner than several of these. */
const MAX_TEXTURE_BYTES = 128 * 2 ** 20;

/** How rows of a matrix lie in a texture: each takes `folds` rows of `width` texels, the last of them part empty. */
export interface RowLayout {
  readonly columns: number;
  readonly width: number;
  readonly folds: number;
}

/** Rows [firstRow, firstRow + rows) of a matrix as a texture. */
export interface MatrixPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly texture: WebGLTexture;
}

/** f32 [rows, columns] on the GPU, in as many textures as its limits ask for. */
export interface Matrix {
  readonly rows: number;
  readonly layout: RowLayout;
  readonly parts: readonly MatrixPart[];
}

/** @param maxSize largest width of a texture: longer rows are folded */
export function rowLayout(columns: number, maxSize: number): RowLayout {
  const texels = Math.ceil(columns / TEXEL_FLOATS);
  const folds = Math.ceil(texels / maxSize);
  return { columns, width: Math.ceil(texels / folds), folds };
}

/** Numbers from one row to the next. */
export const strideOf = ({ width, folds }: RowLayout): number => width * folds * TEXEL_FLOATS;

/**
 * Puts a matrix on the GPU, part by part.
 *
 * @param read the numbers of `count` rows from `firstRow`, [count, columns]
 * @throws RealizarError `limit-exceeded` where not even one row fits a texture | `out-of-memory`
 */
export async function uploadMatrix(
  { gl, maxSize }: GlContext,
  name: string,
  rows: number,
  columns: number,
  read: (firstRow: number, count: number) => Promise<Float32Array>,
): Promise<Matrix> {
  const layout = rowLayout(columns, maxSize);
  const rowBytes = strideOf(layout) * 4;
  if (layout.folds > maxSize || rowBytes > MAX_TEXTURE_BYTES) {
    const message = `${name} has rows of ${columns} numbers, more than a texture holds here; use wasm`;
    throw new RealizarError('limit-exceeded', message, { field: name });
  }
  const partRows = Math.min(rows, Math.floor(maxSize / layout.folds), Math.floor(MAX_TEXTURE_BYTES / rowBytes));
  const parts: MatrixPart[] = [];
  for (let firstRow = 0; firstRow < rows; firstRow += partRows) {
    const count = Math.min(partRows, rows - firstRow);
    const texture = createTexture(gl, layout, count);
    parts.push({ firstRow, rows: count, texture });
    await fill(gl, texture, layout, count, (row, some) => read(firstRow + row, some));
    checkMemory(gl, name);
  }
  return { rows, layout, parts };
}

/** RGBA32F for `rows` rows, read texel by texel. */
export function createTexture(gl: WebGL2RenderingContext, { width, folds }: RowLayout, rows: number): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, width, rows * folds);
  return texture;
}

/** @param numbers [rows, columns], for the rows from `firstRow` of a texture */
export function writeRows(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  layout: RowLayout,
  firstRow: number,
  numbers: Float32Array,
): void {
  const { columns, width, folds } = layout;
  const rows = numbers.length / columns;
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false); // gpu.js may have turned it on
  const texels = padded(numbers, columns, strideOf(layout));
  gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, firstRow * folds, width, rows * folds, gl.RGBA, gl.FLOAT, texels);
}

/** Rows that do not fill their texels end in zeros. */
function padded(numbers: Float32Array, columns: number, stride: number): Float32Array {
  if (stride === columns) return numbers;
  const rows = numbers.length / columns;
  const wide = new Float32Array(rows * stride);
  for (let row = 0; row < rows; row++) wide.set(numbers.subarray(row * columns, (row + 1) * columns), row * stride);
  return wide;
}

/** Bytes of numbers in JavaScript's memory at a time. */
const PIECE_BYTES = 4 * 2 ** 20;

async function fill(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  layout: RowLayout,
  rows: number,
  read: (row: number, count: number) => Promise<Float32Array>,
): Promise<void> {
  const step = Math.max(1, Math.floor(PIECE_BYTES / (layout.columns * 4)));
  for (let row = 0; row < rows; row += step) {
    writeRows(gl, texture, layout, row, await read(row, Math.min(step, rows - row)));
  }
}

/** Also asks for all that went wrong before, so that nothing is overlooked. */
function checkMemory(gl: WebGL2RenderingContext, name: string): void {
  const error = gl.getError();
  if (error === gl.NO_ERROR) return;
  const reason = error === gl.OUT_OF_MEMORY ? 'its memory is full' : `WebGL reports error ${error}`;
  throw new RealizarError('out-of-memory', `${name} does not fit the GPU: ${reason}; try a smaller model, or wasm`, {
    field: name,
  });
}
