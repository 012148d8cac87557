import { RealizarError } from '../../errors.ts';
import type { GlContext } from './open-context.ts';

/** Four neighbouring f32 of a row make one texel. */
export const TEXEL_FLOATS = 4;

/** Bytes of one texture of a weight: drivers refuse larger ones sooner than several of these. */
const MAX_TEXTURE_BYTES = 128 * 2 ** 20;

/** Rows [firstRow, firstRow + rows) of a matrix as a texture: a row of texels for each. */
export interface MatrixPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly texture: WebGLTexture;
}

/** f32 [rows, columns] on the GPU, in as many textures as its limits ask for. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly parts: readonly MatrixPart[];
}

/** Texels of a row of `columns` numbers; the last may be part empty. */
export const texelsOf = (columns: number): number => Math.ceil(columns / TEXEL_FLOATS);

/**
 * Puts a matrix on the GPU, part by part.
 *
 * @param read the numbers of `count` rows from `firstRow`, [count, columns]
 * @throws RealizarError `limit-exceeded` where a row is wider than a texture | `out-of-memory`
 */
export async function uploadMatrix(
  { gl, maxSize }: GlContext,
  name: string,
  rows: number,
  columns: number,
  read: (firstRow: number, count: number) => Promise<Float32Array>,
): Promise<Matrix> {
  const width = texelsOf(columns);
  if (width > maxSize) {
    const message = `${name} has rows of ${columns} numbers, and textures hold ${maxSize * TEXEL_FLOATS} here; use wasm`;
    throw new RealizarError('limit-exceeded', message, { field: name });
  }
  const rowBytes = width * TEXEL_FLOATS * 4;
  const partRows = Math.min(rows, maxSize, Math.max(1, Math.floor(MAX_TEXTURE_BYTES / rowBytes)));
  const parts: MatrixPart[] = [];
  for (let firstRow = 0; firstRow < rows; firstRow += partRows) {
    const count = Math.min(partRows, rows - firstRow);
    const texture = createTexture(gl, width, count);
    await fill(gl, texture, name, columns, count, (row, some) => read(firstRow + row, some));
    parts.push({ firstRow, rows: count, texture });
  }
  return { rows, columns, parts };
}

/** RGBA32F, read texel by texel. */
export function createTexture(gl: WebGL2RenderingContext, width: number, height: number): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, width, height);
  return texture;
}

/** Writes rows [0, numbers.length / columns) of a texture. */
export function writeRows(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  firstRow: number,
  columns: number,
  numbers: Float32Array,
): void {
  const width = texelsOf(columns);
  const rows = numbers.length / columns;
  gl.bindTexture(gl.TEXTURE_2D, texture);
  // gpu.js turns these on for its own uploads.
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, firstRow, width, rows, gl.RGBA, gl.FLOAT, padded(numbers, columns));
}

/** Rows whose length is no multiple of a texel end in zeros. */
function padded(numbers: Float32Array, columns: number): Float32Array {
  const stride = texelsOf(columns) * TEXEL_FLOATS;
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
  name: string,
  columns: number,
  rows: number,
  read: (row: number, count: number) => Promise<Float32Array>,
): Promise<void> {
  const step = Math.max(1, Math.floor(PIECE_BYTES / (columns * 4)));
  for (let row = 0; row < rows; row += step) {
    const numbers = await read(row, Math.min(step, rows - row));
    writeRows(gl, texture, row, columns, numbers);
  }
  const error = gl.getError();
  if (error === gl.NO_ERROR) return;
  const reason = error === gl.OUT_OF_MEMORY ? 'its memory is full' : `error ${error}`;
  throw new RealizarError('out-of-memory', `${name} does not fit the GPU: ${reason}; try a smaller model, or wasm`, {
    field: name,
  });
}
