import type { Defines } from '../link.ts';
import { Gpu, type Bound, type Kernel, type Workgroups } from '../gpu.ts';
import type { GpuWeight, WeightShard } from '../gpu-tensor.ts';
import type { BestParts } from './best-merge.ts';
import { BLOCK, rowOrder, type RowOrder } from './row-order.ts';
import { rowsAnInvocation } from './rows-an-invocation.ts';
import type { Tuning } from './tuning.ts';

/** Products of rows of activations with one to three matrices of the same width, and what happens before and after. */
export interface ProductSpec {
  readonly matrices: readonly GpuWeight[];
  /** [all outputs], one matrix after another. */
  readonly bias?: GPUBuffer | undefined;
  /** RMS norm of the activations. */
  readonly norm?: { readonly weight: GPUBuffer; readonly eps: number } | undefined;
  /**
   * `store`: y = products, one matrix after another; `add`: y += product of the only matrix;
   * `gated`: y = silu(first product) ⊙ second product.
   */
  readonly form: 'store' | 'add' | 'gated';
  /** With `store` of one matrix: the largest of each row's first so many outputs is found in passing, where rows are few. */
  readonly bestLimit?: number | undefined;
}

/** Rows of activations that an invocation of matvec takes at once. */
const COLUMNS = 4;
/** What devices have at least; more would keep other workgroups from running beside. */
const WORKGROUP_MEMORY = 16384;
const NORM_MEMORY = 4 * (256 + 16);
const PREPARE_WORKGROUP = 64;
const TILE_SIDE = 16;

/** Whether the kernels of this folder can multiply by a weight. */
export const isMultipliable = ({ shape }: GpuWeight): boolean => shape[1]! % 4 === 0;

export const areQuantised = (matrices: readonly GpuWeight[]): boolean =>
  matrices.every(({ format }) => !['f32', 'f16', 'bf16'].includes(format));

/** One product of a model, with its kernels and constants at hand: recording it takes microseconds. */
export class Product {
  readonly #gpu: Gpu;
  readonly #tuning: Tuning;
  readonly #spec: ProductSpec;
  readonly #inputs: number;
  readonly #outputs: number;
  readonly #order: RowOrder;
  readonly #activations: 'int8' | 'f32';
  /** By what changes from call to call. */
  readonly #plans = new Map<string, Plan>();

  constructor(gpu: Gpu, tuning: Tuning, spec: ProductSpec) {
    this.#gpu = gpu;
    this.#tuning = tuning;
    this.#spec = spec;
    this.#inputs = spec.matrices[0]!.shape[1]!;
    this.#outputs = spec.form === 'gated' ? rowsOf(spec.matrices[0]!) : sum(spec.matrices.map(rowsOf));
    this.#order = rowOrder(this.#inputs);
    // Matrices side by side share their activations: one that needs floats decides.
    this.#activations = tuning.int8 && areQuantised(spec.matrices) ? 'int8' : 'f32';
  }

  get outputs(): number {
    return this.#outputs;
  }

  /**
   * @param x [≥ tokens, inputs]
   * @param y [tokens, outputs]
   * @param rows u32 [tokens]: which rows of x; the first `tokens` unless given
   * @returns what was found in passing, until the scope ends
   */
  run(x: GPUBuffer, tokens: number, y: GPUBuffer, rows?: GPUBuffer): BestParts | undefined {
    if (tokens === 0) return undefined;
    const prepared = this.#isFused(tokens, rows) ? undefined : this.#prepare(x, tokens, rows);
    const given = prepared ?? (this.#spec.norm ? [x, this.#spec.norm.weight] : [x]);
    if (tokens > this.#tuning.maxVectors || (this.#spec.form === 'gated' && isSharded(this.#spec.matrices))) {
      this.#multiplyTiles(given, tokens, y);
      return undefined;
    }
    return this.#multiplyVectors(given, tokens, y, prepared === undefined);
  }

  /** Whether every workgroup of matvec prepares the only row for itself. */
  #isFused(tokens: number, rows: GPUBuffer | undefined): boolean {
    if (tokens > 1 || rows || (this.#spec.form === 'gated' && isSharded(this.#spec.matrices))) return false;
    const blocks = Math.ceil(this.#inputs / BLOCK);
    const bytes = this.#activations === 'int8' ? blocks * (BLOCK + 8) : blocks * BLOCK * 4;
    const memory = Math.max(WORKGROUP_MEMORY, this.#gpu.facts.limits.maxComputeWorkgroupStorageSize / 2);
    return bytes + NORM_MEMORY + this.#partialBytes(this.#rowsAGroup(this.#outputs, 1)) <= memory;
  }

  /** @returns what the products read in place of x */
  #prepare(x: GPUBuffer, tokens: number, rows: GPUBuffer | undefined): readonly GPUBuffer[] {
    const { norm } = this.#spec;
    const blocks = Math.ceil(this.#inputs / BLOCK);
    const isInt8 = this.#activations === 'int8';
    const prepared = [this.#gpu.activation(tokens * blocks * BLOCK * (isInt8 ? 1 : 4))];
    if (isInt8) prepared.push(this.#gpu.activation(tokens * blocks * 8));
    const kernel = this.#gpu.kernel('prepare', {
      INPUTS: this.#inputs,
      WORKGROUP: PREPARE_WORKGROUP,
      RAGGED: this.#inputs % BLOCK !== 0,
      ACTIVATIONS: this.#activations,
      PREPARED: isInt8 ? 'u' : 'f',
      NORM: norm !== undefined,
      NORM_EPS: norm?.eps ?? 0,
      PICK: rows !== undefined,
    });
    this.#gpu.dispatch(kernel, [x, ...(norm ? [norm.weight] : []), ...(rows ? [rows] : []), ...prepared], [tokens]);
    return prepared;
  }

  #multiplyVectors(given: readonly GPUBuffer[], tokens: number, y: GPUBuffer, isFused: boolean): BestParts | undefined {
    const { parts, groups } = this.#vectorPlan(tokens, isFused);
    const best =
      this.#spec.bestLimit === undefined
        ? undefined
        : { buffer: this.#gpu.activation(tokens * groups * 8), count: groups };
    for (const { kernel, weights, shape, grid, label } of parts) {
      const bound = [...given, ...weights, ...this.#bias(), y, shape];
      if (best) bound.push(best.buffer);
      this.#gpu.dispatch(kernel, bound, grid, label);
    }
    return best;
  }

  #multiplyTiles(given: readonly GPUBuffer[], tokens: number, y: GPUBuffer): void {
    const isGated = this.#spec.form === 'gated';
    const gate = isGated ? this.#gpu.activation(tokens * this.#outputs * 4) : undefined;
    for (const { kernel, weights, shape, grid, label, isGate } of this.#tilePlan(tokens).parts) {
      const out = isGate ? [gate!] : isGated ? [gate!, y] : [y];
      this.#gpu.dispatch(kernel, [...given, ...weights, ...this.#bias(), ...out, shape], grid, label);
    }
  }

  #bias(): readonly GPUBuffer[] {
    return this.#spec.bias ? [this.#spec.bias] : [];
  }

  #vectorPlan(tokens: number, isFused: boolean): Plan {
    const columns = tokens === 1 ? 1 : COLUMNS;
    return this.#plan(`vectors ${tokens} ${isFused}`, () => {
      const { matrices, norm } = this.#spec;
      if (!isSharded(matrices))
        return [this.#vectorPart(matrices.map(wholeOf), tokens, columns, isFused, norm?.eps, 0, 0)];
      let first = 0;
      let firstGroup = 0;
      return matrices.flatMap((matrix) => {
        const start = first;
        first += rowsOf(matrix);
        return matrix.shards.map((shard) => {
          const at = [start + shard.firstRow, firstGroup] as const;
          const part = this.#vectorPart([{ matrix, shard }], tokens, columns, isFused, norm?.eps, ...at);
          firstGroup += part.grid[0];
          return part;
        });
      });
    });
  }

  #vectorPart(
    pieces: readonly Piece[],
    tokens: number,
    columns: number,
    isFused: boolean,
    normEps: number | undefined,
    first: number,
    firstPart: number,
  ): Part {
    const isGated = this.#spec.form === 'gated';
    const rows = isGated ? pieces[0]!.shard.rows : sum(pieces.map(({ shard }) => shard.rows));
    const rowsAGroup = this.#rowsAGroup(rows, columns);
    const groupRows = (this.#tuning.workgroup / this.#order.lanes) * rowsAGroup;
    const workgroups = pieces.map(({ shard }) => Math.ceil(shard.rows / groupRows));
    const kernel = this.#gpu.kernel('matvec', {
      ...this.#defines(pieces),
      WORKGROUP: this.#tuning.workgroup,
      WHOLE: Math.ceil(this.#inputs / BLOCK) % (this.#order.lanes * this.#order.unit) === 0,
      ROWS: rowsAGroup,
      COLUMNS: columns,
      MATRICES: pieces.length,
      LOOPS: isGated ? 1 : pieces.length,
      SHARED: isFused,
      NORM: isFused && normEps !== undefined,
      NORM_EPS: normEps ?? 0,
      BEST: this.#spec.bestLimit !== undefined,
      GATHER: this.#tuning.subgroup >= this.#order.lanes && this.#order.lanes > 1 ? 'shuffle' : 'shared',
    });
    const shape = [tokens, this.#outputs, first, first];
    let firstGroup = 0;
    for (let i = 0; i < 3; i++) {
      const shard = pieces[i]?.shard;
      shape.push(shard?.rows ?? 0, ...(shard?.planes ?? [0, 0, 0]));
      if (i > 0) shape.push(firstGroup);
      firstGroup += workgroups[i] ?? 0;
    }
    if (this.#spec.bestLimit !== undefined) shape.push(this.#spec.bestLimit, firstPart);
    return {
      kernel,
      weights: pieces.map(({ shard }) => shard.buffer),
      shape: this.#gpu.constants(shape),
      grid: [isGated ? workgroups[0]! : firstGroup, Math.ceil(tokens / columns)],
      label: `matvec ${this.#inputs}×${isGated ? 2 * rows : rows}`,
    };
  }

  #tilePlan(tokens: number): Plan {
    return this.#plan(`tiles ${tokens}`, () => {
      const { matrices, form } = this.#spec;
      let first = 0;
      return matrices.flatMap((matrix, i) => {
        const start = first;
        first += rowsOf(matrix);
        return matrix.shards.map((shard) => {
          const column = form === 'gated' ? shard.firstRow : start + shard.firstRow;
          return this.#tilePart({ matrix, shard }, tokens, column, start + shard.firstRow, i);
        });
      });
    });
  }

  #tilePart(piece: Piece, tokens: number, first: number, bias: number, index: number): Part {
    const { form } = this.#spec;
    const [microRows, microTokens] = this.#tuning.micro;
    const { shard } = piece;
    const kernel = this.#gpu.kernel('matmul', {
      ...this.#defines([piece]),
      MICRO_ROWS: microRows,
      MICRO_TOKENS: microTokens,
      GATED: form === 'gated' && index === 1,
    });
    return {
      kernel,
      weights: [shard.buffer],
      shape: this.#gpu.constants([tokens, this.#outputs, first, bias, shard.rows, ...shard.planes]),
      grid: [Math.ceil(shard.rows / (TILE_SIDE * microRows)), Math.ceil(tokens / (TILE_SIDE * microTokens))],
      label: `matmul ${this.#inputs}×${shard.rows}`,
      isGate: form === 'gated' && index === 0,
    };
  }

  #defines(pieces: readonly Piece[]): Defines {
    const { form, bias } = this.#spec;
    const [first, second = first, third = first] = pieces.map(({ matrix }) => matrix.format);
    return {
      INPUTS: this.#inputs,
      LANES: this.#order.lanes,
      UNIT: this.#order.unit,
      RAGGED: this.#inputs % BLOCK !== 0,
      ACTIVATIONS: this.#activations,
      BIAS: bias !== undefined,
      ADD: form === 'add',
      GATED: form === 'gated',
      W0_DTYPE: first!,
      W1_DTYPE: second!,
      W2_DTYPE: third!,
    };
  }

  #rowsAGroup(rows: number, columns: number): number {
    return rowsAnInvocation(columns > 1 ? { ...this.#tuning, maxRows: 1 } : this.#tuning, this.#order, rows);
  }

  #partialBytes(rowsAGroup: number): number {
    const sums = this.#spec.form === 'gated' ? 2 : 1;
    const outputs = (this.#tuning.workgroup / this.#order.lanes) * rowsAGroup;
    const best = this.#spec.bestLimit === undefined ? 0 : outputs + 2;
    return 4 * (sums * outputs * (this.#order.lanes + 1) + best);
  }

  #plan(key: string, make: () => readonly Part[]): Plan {
    let plan = this.#plans.get(key);
    if (!plan) {
      const parts = make();
      plan = { parts, groups: sum(parts.map(({ grid }) => grid[0])) };
      this.#plans.set(key, plan);
    }
    return plan;
  }
}

interface Plan {
  readonly parts: readonly Part[];
  /** Workgroups of all parts that a row has. */
  readonly groups: number;
}

/** One dispatch. */
interface Part {
  readonly kernel: Kernel;
  readonly weights: readonly Bound[];
  readonly shape: GPUBuffer;
  readonly grid: Workgroups;
  /** For profiles: `matvec 2048×5632`. */
  readonly label: string;
  /** It computes the gate that another part takes. */
  readonly isGate?: boolean;
}

interface Piece {
  readonly matrix: GpuWeight;
  readonly shard: WeightShard;
}

const wholeOf = (matrix: GpuWeight): Piece => ({ matrix, shard: matrix.shards[0]! });
const rowsOf = ({ shape }: GpuWeight): number => shape[0]!;
const isSharded = (matrices: readonly GpuWeight[]): boolean => matrices.some(({ shards }) => shards.length > 1);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
