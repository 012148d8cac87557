import type { AutotuneMode, KvDType, KvShape, ModelProducts, TunedKernel } from '../backend.ts';
import type { Limits } from './autotune/budget.ts';
import { tuneProducts } from './autotune/tune-products.ts';
import type { TuningStore } from './autotune/tuning-store.ts';
import type { OpenedDevice } from './device.ts';
import { FastOps } from './kernels/fast-ops.ts';
import { SelfCheck } from './kernels/self-check.ts';
import { type Tuning, tuningOf } from './kernels/tuning.ts';
import { dtypeOf } from './kv-cache.ts';
import type { OpContext, Ops } from './ops.ts';
import { plainOps } from './plain/plain-ops.ts';
import type { GpuFormat } from './weight.ts';

export interface KernelChoiceOptions {
  readonly opened: OpenedDevice;
  readonly kernels: 'fused' | 'plain';
  /** Whether kernels are compared with the host. */
  readonly selfCheck: boolean;
  readonly autotune: AutotuneMode;
  readonly tuningStore: TuningStore | undefined;
  readonly tuningLimits: Limits | undefined;
  readonly onWarning: (message: string) => void;
}

/** Which kernels compute the ops on a device: those of its table, unless they are wrong on its driver or others are faster. */
export class KernelChoice {
  readonly ops: Ops;
  /** What activations of products are: `int8`, `f32`; or `plain`. */
  readonly mode: string;
  readonly #context: OpContext;
  readonly #options: KernelChoiceOptions;
  readonly #tuning: Tuning;
  /** Undefined: the plain kernels do everything. */
  readonly #fast: FastOps | undefined;
  /** Undefined: nothing is compared. */
  readonly #check: SelfCheck | undefined;

  constructor(context: OpContext, options: KernelChoiceOptions) {
    const { opened, kernels, selfCheck, onWarning } = options;
    const plain = plainOps(context);
    const isPlain = kernels === 'plain';
    this.#context = context;
    this.#options = options;
    this.#tuning = tuningOf(opened.facts);
    this.#fast = isPlain ? undefined : new FastOps(context, plain, this.#tuning);
    this.#check = selfCheck && !isPlain ? new SelfCheck(opened, onWarning) : undefined;
    this.ops = this.#fast ?? plain;
    this.mode = isPlain ? 'plain' : this.#tuning.int8 ? 'int8' : 'f32';
  }

  /** Compares the products of a format, before its first weight is uploaded. @throws RealizarError `device-lost` | `closed` */
  async proveFormat(format: GpuFormat): Promise<void> {
    if (!this.#check) return;
    const right = await this.#check.tuningFor(format, this.#tuning);
    if (right !== this.#tuning) this.#fast?.except(format, right);
  }

  /** Compares attention and the search for the largest logit, before a model's first step. @throws as `proveFormat` */
  async proveModel(cache: KvShape, usual: KvDType): Promise<void> {
    if (!this.#check) return;
    const heads = { headDim: cache.headDim, kvDType: dtypeOf(cache, usual) };
    this.#fast?.attendBy(await this.#check.attentionFor(heads, this.#tuning));
    if (!(await this.#check.findsBest(this.#tuning))) this.#fast?.leaveBest();
  }

  /** Times products on their weights. @throws as `proveFormat` */
  async tune(products: ModelProducts): Promise<readonly TunedKernel[]> {
    if (!this.#fast) return [];
    const { opened, autotune: mode, tuningStore: store, tuningLimits: limits, onWarning: warn } = this.#options;
    const how = { mode, opened, tuning: this.#tuning, check: this.#check, store, limits, warn };
    return tuneProducts(this.#context.gpu, this.#fast, products, how);
  }
}
