import { byteLength, formats, type DType } from '../../dtype/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Backend, BackendInfo, WeightSource } from '../backend.ts';
import { Bank, type BankOptions } from '../wasm/bank.ts';
import { kernelSets, weightLayout } from '../wasm/layouts.ts';
import { compileModule, MAX_PAGES } from '../wasm/module.ts';
import { chooseKernels } from '../wasm/probe.ts';
import { weightTensor } from '../wasm/tensor.ts';
import { WasmBackend } from '../wasm/wasm-backend.ts';
import { rowLayout, strideOf, uploadMatrix } from './matrix.ts';
import { openContext, type GlContext } from './open-context.ts';
import { Products } from './products.ts';
import { WebglExecutor } from './webgl-executor.ts';

/**
 * For pages with neither WebGPU nor threads: matrix products on WebGL2, all else on WebAssembly in the calling thread.
 * @throws RealizarError `backend-unavailable`
 */
export async function createWebglBackend(): Promise<Backend> {
  const context = openContext();
  const { build, kernelSet } = await chooseKernels();
  const module = await compileModule(build, false);
  const options = { module, shared: false, threads: 1, kernelSet: kernelSets[kernelSet], maxPages: MAX_PAGES };
  const bank = await Bank.create(0, options);
  return new WebglBackend(bank, options, new WebglExecutor(await Products.open(context)), context);
}

/** The wasm backend on one thread, whose matrices are textures of f32. */
export class WebglBackend extends WasmBackend {
  override readonly info: BackendInfo;
  readonly #bank: Bank;
  readonly #executor: WebglExecutor;
  readonly #context: GlContext;

  constructor(bank: Bank, options: BankOptions, executor: WebglExecutor, context: GlContext) {
    super(bank, options, executor, 'webgl2');
    this.info = { name: 'webgl', mode: 'webgl2', threads: 1, device: context.device };
    this.#bank = bank;
    this.#executor = executor;
    this.#context = context;
  }

  /** What lies in the one WebAssembly memory is small: nothing has to be placed. */
  override async reserve(): Promise<void> {}

  override async upload(source: WeightSource): Promise<Tensor> {
    if (source.shape.length !== 2) return super.upload(source);
    const [rows, columns] = source.shape as [number, number];
    const matrix = await uploadMatrix(this.#context, source.name, rows, columns, (firstRow, count) =>
      readRows(source, columns, firstRow, count),
    );
    // Stands for the matrix in commands, as a weight of f32; nobody reads what lies there.
    const { memory } = this.#bank;
    const pointer = memory.allocate(1, source.name);
    this.#executor.hold(pointer, matrix);
    return weightTensor(memory, source.dtype, source.shape, pointer, weightLayout('f32', rows, columns));
  }

  override weightBytes(dtype: DType, shape: readonly number[]): number {
    if (shape.length !== 2) return super.weightBytes(dtype, shape);
    return shape[0]! * strideOf(rowLayout(shape[1]!, this.#context.maxSize)) * 4;
  }
}

/** [count, columns] */
async function readRows(source: WeightSource, columns: number, firstRow: number, count: number): Promise<Float32Array> {
  const rowBytes = byteLength(source.dtype, [columns]);
  const values = new Float32Array(count * columns);
  formats[source.dtype].decode(await source.read(firstRow * rowBytes, (firstRow + count) * rowBytes), values);
  return values;
}
