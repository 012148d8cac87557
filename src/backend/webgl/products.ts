import type { GPU as Gpu, IKernelRunShortcut, Texture as GpuTexture } from 'gpu.js';
import { createTexture, texelsOf, writeRows, type Matrix } from './matrix.ts';
import type { GlContext } from './open-context.ts';

// Kernels are text: a minifier would rewrite functions that gpu.js has to read. `quads`: texels of a row.

/** [tokens, rows]: one dot product each, in an order that only the row's length decides. */
const PRODUCT = `function product(weights, inputs) {
  let sum = 0;
  for (let i = 0; i < this.constants.quads; i++) {
    const w = weights[this.thread.x][i];
    const x = inputs[this.thread.y][i];
    sum += w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3];
  }
  return sum;
}`;

/** [count, columns]: rows of a matrix by their numbers. */
const ROWS = `function rows(weights, numbers) {
  const quad = weights[numbers[this.thread.y]][Math.floor(this.thread.x / 4)];
  const lane = this.thread.x % 4;
  if (lane === 0) return quad[0];
  if (lane === 1) return quad[1];
  if (lane === 2) return quad[2];
  return quad[3];
}`;

/** Matrix products on WebGL2 by gpu.js. Weights stay on the GPU; activations go there and come back. */
export class Products {
  readonly #context: GlContext;
  readonly #gpu: Gpu;
  readonly #Texture: typeof GpuTexture;
  /** By what they compute and the texels of a row. */
  readonly #kernels = new Map<string, IKernelRunShortcut>();
  readonly #inputs = new Map<string, WebGLTexture>();

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
  }

  /** @param inputs [tokens, columns] @returns inputs · matrixᵀ, [tokens, rows] */
  multiply({ parts, rows, columns }: Matrix, inputs: Float32Array): Float32Array {
    const tokens = inputs.length / columns;
    const quads = texelsOf(columns);
    const kernel = this.#kernel('product', PRODUCT, quads);
    const x = this.#texture(this.#input(columns, inputs), quads, tokens);
    const out = new Float32Array(tokens * rows);
    for (const part of parts) {
      const result = this.#run(kernel, [part.rows, tokens], [this.#texture(part.texture, quads, part.rows), x]);
      result.forEach((row, token) => out.set(row, token * rows + part.firstRow));
    }
    return out;
  }

  /** Rows of a matrix, [numbers.length, columns]. */
  rows({ parts, columns }: Matrix, numbers: Int32Array): Float32Array {
    const quads = texelsOf(columns);
    const kernel = this.#kernel('rows', ROWS, quads);
    const out = new Float32Array(numbers.length * columns);
    for (const part of parts) {
      const places = [...numbers.keys()].filter(
        (i) => numbers[i]! >= part.firstRow && numbers[i]! < part.firstRow + part.rows,
      );
      if (places.length === 0) continue;
      const wanted = places.map((i) => numbers[i]! - part.firstRow);
      const result = this.#run(
        kernel,
        [columns, places.length],
        [this.#texture(part.texture, quads, part.rows), wanted],
      );
      result.forEach((row, i) => out.set(row, places[i]! * columns));
    }
    return out;
  }

  free({ parts }: Matrix): void {
    for (const { texture } of parts) this.#context.gl.deleteTexture(texture);
  }

  dispose(): void {
    void this.#gpu.destroy();
    this.#context.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  #kernel(name: string, source: string, quads: number): IKernelRunShortcut {
    const key = `${name} ${quads}`;
    const known = this.#kernels.get(key);
    if (known) return known;
    const kernel = this.#gpu
      .createKernel(source as unknown as () => number)
      .setConstants({ quads })
      .setPrecision('single')
      .setDynamicArguments(true)
      .setDynamicOutput(true);
    this.#kernels.set(key, kernel);
    return kernel;
  }

  #run(kernel: IKernelRunShortcut, output: [number, number], args: unknown[]): Float32Array[] {
    kernel.setOutput(output);
    return kernel(...(args as Parameters<IKernelRunShortcut>)) as Float32Array[];
  }

  /** The texture that activations of this shape go through. */
  #input(columns: number, inputs: Float32Array): WebGLTexture {
    const { gl } = this.#context;
    const tokens = inputs.length / columns;
    const key = `${columns} ${tokens}`;
    const texture = this.#inputs.get(key) ?? createTexture(gl, texelsOf(columns), tokens);
    this.#inputs.set(key, texture);
    writeRows(gl, texture, 0, columns, inputs);
    return texture;
  }

  /** A texture as gpu.js takes it: [height][width] of four numbers. */
  #texture(texture: WebGLTexture, width: number, height: number): GpuTexture {
    return new this.#Texture({
      texture,
      size: [width, height],
      dimensions: [width, height, 1],
      output: [width, height],
      context: this.#context.gl,
      type: 'ArrayTexture(4)',
      kernel: {},
    } as unknown as ConstructorParameters<typeof GpuTexture>[0]);
  }
}
