import type { AttentionOptions } from '../../backend.ts';
import { Gpu, type Kernel } from '../gpu.ts';
import type { Defines } from '../link.ts';
import type { Tuning } from './tuning.ts';

/** Positions whose sums are merged as one: `CHUNK` of shaders/lib/attended.wgsl. */
const CHUNK = 64;
const MAX_HEAD_DIM = 256;
/** Query heads of a kv head: each has its sums in registers. */
const MAX_GROUP = 16;
/** Up to so many chunks, a second dispatch costs more than splitting them saves. */
const CHUNKS_TOGETHER = 8;
/** What devices have at least. */
const WORKGROUP_MEMORY = 16384;
const PREFILL_WORKGROUP = 256;
const QUERIES_OF_A_PART = 4;

/** Chunks that decode counts up to a position: all that `decode` reads of positions. Those of few chunks count as many. */
export const decodeChunks = (maxPosition: number): number =>
  Math.max(CHUNKS_TOGETHER, Math.floor(maxPosition / CHUNK) + 1);

/** What attention works on; buffers as shaders/attention-decode.wgsl describes them. */
export interface AttentionCall {
  /** [tokens, queries | keys | values] as the products left them. */
  readonly projections: GPUBuffer;
  readonly cache: { readonly keys: GPUBuffer; readonly values: GPUBuffer };
  readonly rows: GPUBuffer;
  readonly table: GPUBuffer;
  readonly rope: GPUBuffer;
  /** f32 [2, headDim]: of queries, of keys. */
  readonly headNorms?: GPUBuffer | undefined;
  readonly y: GPUBuffer;
  readonly tokens: number;
  readonly maxPosition: number;
}

/** Attention of one kind of layer: norms and rope of its heads, what goes into the cache, and the sums. */
export class Attention {
  readonly #gpu: Gpu;
  readonly #tuning: Tuning;
  readonly #options: AttentionOptions;
  readonly #group: number;
  readonly #defines: Defines;
  readonly #parts: number;
  readonly #blockSize: number;
  /** Of attention-decode, for positions together and split; and the shapes it is given. */
  readonly #decodeKernels = new Map<boolean, Kernel>();
  readonly #shapes = new Map<number, GPUBuffer>();

  constructor(
    gpu: Gpu,
    tuning: Tuning,
    options: AttentionOptions,
    cache: { readonly dtype: string; readonly blockSize: number },
    hasHeadNorms: boolean,
  ) {
    const { numHeads, numKvHeads, headDim, rope } = options;
    this.#gpu = gpu;
    this.#tuning = tuning;
    this.#options = options;
    this.#group = numHeads / numKvHeads;
    this.#blockSize = cache.blockSize;
    this.#parts = prefillParts(tuning, headDim);
    this.#defines = {
      HEAD_DIM: headDim,
      GROUP: this.#group,
      KV: cache.dtype,
      ROPE_DIMENSIONS: rope.dimensions,
      PAIRING: rope.pairing,
      HEAD_NORMS: hasHeadNorms,
    };
  }

  /** Whether these kernels are made for such heads; rare shapes are left to the plain ones. */
  static supports({ numHeads, numKvHeads, headDim }: AttentionOptions, kvDType: string): boolean {
    const hasShape = headDim % 8 === 0 && headDim <= MAX_HEAD_DIM && numHeads / numKvHeads <= MAX_GROUP;
    return (
      hasShape &&
      (kvDType === 'f16' || kvDType === 'f32') &&
      decodeBytes(headDim, numHeads / numKvHeads, 1) <= WORKGROUP_MEMORY
    );
  }

  /** Rows of a tile of `prefill`. */
  get tileSize(): number {
    return this.#parts * QUERIES_OF_A_PART;
  }

  /** Rows of any sequences, several of one among them. @param tiles of `attentionTiles` */
  prefill(call: AttentionCall, tiles: GPUBuffer, numTiles: number): void {
    const { numHeads, numKvHeads } = this.#options;
    const { projections, cache, rows, table, y, tokens } = call;
    const place = this.#gpu.kernel('place-keys-values', this.#defines);
    const placed = [projections, cache.keys, cache.values, rows, ...this.#turns(call), this.#shape(0)];
    this.#gpu.dispatch(place, placed, [numKvHeads, tokens]);
    const attend = this.#gpu.kernel('attention-prefill', {
      ...this.#defines,
      CACHE_ACCESS: 'read',
      PARTS: this.#parts,
    });
    this.#gpu.dispatch(
      attend,
      [projections, cache.keys, cache.values, rows, table, tiles, y, this.#shape(0)],
      [numHeads, numTiles],
    );
  }

  /** One row of each sequence. */
  decode(call: AttentionCall): void {
    const { numHeads, numKvHeads, headDim } = this.#options;
    const { projections, cache, rows, table, y, tokens, maxPosition } = call;
    const chunks = decodeChunks(maxPosition);
    const splits = this.#splits(chunks, numKvHeads * tokens);
    const given = [projections, cache.keys, cache.values, rows, table, ...this.#turns(call)];
    if (splits === 1) {
      this.#gpu.dispatch(this.#decodeKernel(false), [...given, y, this.#shape(0)], [numKvHeads, 1, tokens]);
      return;
    }
    // Powers of two, so that buffers and constants change rarely.
    const stride = 2 ** Math.ceil(Math.log2(chunks));
    const parts = this.#gpu.activation(tokens * numHeads * stride * (headDim / 2 + 1) * 8);
    const shape = this.#shape(stride);
    this.#gpu.dispatch(this.#decodeKernel(true), [...given, parts, shape], [numKvHeads, splits, tokens]);
    this.#gpu.dispatch(this.#gpu.kernel('attention-merge', this.#defines), [parts, rows, shape, y], [numHeads, tokens]);
  }

  #splits(chunks: number, workgroups: number): number {
    if (chunks <= CHUNKS_TOGETHER) return 1;
    return Math.max(
      1,
      Math.min(Math.ceil(chunks / this.#teams()), Math.ceil(this.#tuning.attentionWorkgroups / workgroups)),
    );
  }

  #decodeKernel(isSplit: boolean): Kernel {
    const known = this.#decodeKernels.get(isSplit);
    if (known) return known;
    const teams = this.#teams();
    const words = this.#options.headDim / 2;
    const kernel = this.#gpu.kernel('attention-decode', {
      ...this.#defines,
      CACHE_ACCESS: 'read_write',
      SPLIT: isSplit,
      TEAMS: teams,
      HEADS_A_PART: Math.ceil(this.#group / Math.max(1, Math.floor(CHUNK / words))),
      ITEMS: Math.ceil((this.#group * words) / (CHUNK * teams)),
    });
    this.#decodeKernels.set(isSplit, kernel);
    return kernel;
  }

  /** `Shape` of shaders/lib/attention-shape.wgsl. */
  #shape(stride: number): GPUBuffer {
    const known = this.#shapes.get(stride);
    if (known) return known;
    const { numKvHeads, slidingWindow = 0, scale, normEps } = this.#options;
    const words = [numKvHeads, this.#blockSize, slidingWindow, stride, Gpu.bits(scale), Gpu.bits(normEps)];
    const shape = this.#gpu.constants(words);
    this.#shapes.set(stride, shape);
    return shape;
  }

  /** As many as fit into the workgroup's memory. */
  #teams(): number {
    const { headDim } = this.#options;
    let teams = this.#tuning.teams;
    while (teams > 1 && decodeBytes(headDim, this.#group, teams) > WORKGROUP_MEMORY) teams /= 2;
    return teams;
  }

  /** What turns and norms heads, in the order of their bindings. */
  #turns({ rope, headNorms }: AttentionCall): readonly GPUBuffer[] {
    return [...(this.#options.rope.dimensions > 0 ? [rope] : []), ...(headNorms ? [headNorms] : [])];
  }
}

/** Parts of a tile: as many as have an invocation for every word of a value, and as fit into the workgroup's memory. */
function prefillParts(tuning: Tuning, headDim: number): number {
  const part = QUERIES_OF_A_PART * 4 * (headDim + CHUNK + 1 + 8);
  const fitting = Math.floor((WORKGROUP_MEMORY - 4 * CHUNK) / part);
  return Math.min(tuning.attentionParts, fitting, Math.floor(PREFILL_WORKGROUP / (headDim / 2)));
}

/** Workgroup memory of attention-decode. */
function decodeBytes(headDim: number, group: number, teams: number): number {
  const heads = (group + 2) * headDim + (group + 1) * 16;
  const team = group * (CHUNK + 1) + group * 8 + CHUNK + group * headDim + 2 * group;
  return 4 * (heads + teams * team);
}
