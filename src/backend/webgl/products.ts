import type { GPU as Gpu, IKernelRunShortcut, Texture as GpuTexture } from 'gpu.js';
import { createTexture, rowLayout, strideOf, writeRows, type Matrix, type RowLayout } from './matrix.ts';
import type { GlContext } from './open-context.ts';

/**
 * [tokens, rows]: one dot product each, in an order that only the row's length decides. The kernel is text, because a
 * minifier would rewrite a function that gpu.js has to read.
 */
const PRODUCT = `function product(weights, inputs) {
  let sum = 0;
  for (let i = 0; i < this.constants.texels; i++) {
    const w = weights[this.thread.x][i];
    const x = inputs[this.thread.y][i];
    sum += w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3];
  }
  return sum;
}`;

/** Matrix products on WebGL2 by gpu.js. Weights stay on the GPU; activations go there and come back. */
export class Products {
  readonly #context: GlContext;
  readonly #gpu: Gpu;
  readonly #Texture: typeof GpuTexture;
  /** By texels of a row. */
  readonly #kernels = new Map<number, IKernelRunShortcut>();
  /** By shape. */
  readonly #inputs = new Map<string, WebGLTexture>();
  readonly #reading: WebGLFramebuffer;

  /** gpu.js is fetched only here. */
  static async open(context: GlContext): Promise<Products> {
    const { GPU, Texture } = await import('gpu.js');
    // Its types know the canvases of documents only.
    const settings = { mode: 'webgl2', canvas: context.canvas, context: context.gl } as unknown as { mode: 'webgl2' };
    return new Products(context, new GPU(settings), Texture);
  }

  private constructor(context: GlContext, gpu: Gpu, Texture: typeof GpuTexture) {
    this.#context = context;
    this.#gpu = gpu;
    this.#Texture = Texture;
    this.#reading = context.gl.createFramebuffer();
  }

  /** @param inputs [tokens, columns] @returns inputs · matrixᵀ, [tokens, rows] */
  multiply({ parts, rows, layout }: Matrix, inputs: Float32Array): Float32Array {
    const tokens = inputs.length / layout.columns;
    const kernel = this.#kernel(strideOf(layout) / 4);
    const x = this.#argument(this.#input(layout.columns, inputs), layout, tokens);
    const out = new Float32Array(tokens * rows);
    for (const part of parts) {
      kernel.setOutput([part.rows, tokens]);
      const weights = this.#argument(part.texture, layout, part.rows);
      const products = kernel(...([weights, x] as unknown as Parameters<typeof kernel>)) as Float32Array[];
      products.forEach((row, token) => out.set(row, token * rows + part.firstRow));
    }
    return out;
  }

  /** Rows of a matrix by their numbers, [numbers.length, columns]. */
  rows({ parts, layout }: Matrix, numbers: Int32Array): Float32Array {
    const { gl } = this.#context;
    const { columns, width, folds } = layout;
    const out = new Float32Array(numbers.length * columns);
    const row = new Float32Array(strideOf(layout));
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#reading);
    numbers.forEach((number, i) => {
      const part = parts.find(({ firstRow, rows }) => number >= firstRow && number < firstRow + rows)!;
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, part.texture, 0);
      gl.readPixels(0, (number - part.firstRow) * folds, width, folds, gl.RGBA, gl.FLOAT, row);
      out.set(row.subarray(0, columns), i * columns);
    });
    return out;
  }

  free({ parts }: Matrix): void {
    for (const { texture } of parts) this.#context.gl.deleteTexture(texture);
  }

  dispose(): void {
    void this.#gpu.destroy();
    this.#context.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  #kernel(texels: number): IKernelRunShortcut {
    const known = this.#kernels.get(texels);
    if (known) return known;
    const kernel = this.#gpu
      .createKernel(PRODUCT as unknown as () => number)
      .setConstants({ texels })
      .setPrecision('single')
      // Otherwise gpu.js compiles anew for larger outputs, and the call that made it do so answers with the old size.
      .setTactic('precision')
      .setDynamicArguments(true)
      .setDynamicOutput(true);
    this.#kernels.set(texels, kernel);
    return kernel;
  }

  /** The texture that activations of this shape go through. */
  #input(columns: number, inputs: Float32Array): WebGLTexture {
    const { gl, maxSize } = this.#context;
    const layout = rowLayout(columns, maxSize);
    const tokens = inputs.length / columns;
    const key = `${columns} ${tokens}`;
    const texture = this.#inputs.get(key) ?? createTexture(gl, layout, tokens);
    this.#inputs.set(key, texture);
    writeRows(gl, texture, layout, 0, inputs);
    return texture;
  }

  /** A texture as gpu.js takes it: [rows][texels] of four numbers, in a place of its own width and height. */
  #argument(texture: WebGLTexture, { width, folds }: RowLayout, rows: number): GpuTexture {
    return new this.#Texture({
      texture,
      size: [width, rows * folds],
      dimensions: [width * folds, rows, 1],
      output: [width * folds, rows],
      context: this.#context.gl,
      type: 'ArrayTexture(4)',
      kernel: {},
    } as unknown as ConstructorParameters<typeof GpuTexture>[0]);
  }
}
