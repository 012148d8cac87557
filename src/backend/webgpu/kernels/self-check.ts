import type { OpenedDevice } from '../device.ts';
import type { GpuFormat } from '../weight.ts';
import { type HeadKind, wrongAttention } from './attention-check.ts';
import { wrongBest } from './best-check.ts';
import { wrongProduct } from './product-check.ts';
import { Trial } from './trial.ts';
import type { Tuning } from './tuning.ts';

/**
 * Whether a driver computes what the shaders say, on tiny inputs, compared with the host. Kernels that are wrong, or do not compile,
 * are replaced by simpler ones.
 */
export class SelfCheck {
  readonly #opened: OpenedDevice;
  readonly #warn: (message: string) => void;
  readonly #checked = new Map<GpuFormat, Tuning | undefined>();

  constructor(opened: OpenedDevice, warn: (message: string) => void) {
    this.#opened = opened;
    this.#warn = warn;
  }

  /**
   * `tuning` or a simpler one by which weights of this format are multiplied rightly; undefined: by none.
   * @throws RealizarError `device-lost` | `closed`
   */
  async tuningFor(format: GpuFormat, tuning: Tuning): Promise<Tuning | undefined> {
    if (this.#checked.has(format)) return this.#checked.get(format);
    const simple: Tuning = { ...tuning, int8: false, subgroup: 1, workgroup: 64, maxRows: 1, micro: [1, 1] };
    const right = await this.#firstRight(format, [tuning, simple], (each) => this.wrongKernel(format, each));
    this.#checked.set(format, right);
    return right;
  }

  /** The first kernel that multiplies weights of this format wrongly, or undefined. @throws RealizarError `device-lost` | `closed` */
  wrongKernel(format: GpuFormat, tuning: Tuning): Promise<string | undefined> {
    return this.#try((trial) => wrongProduct(trial, format, tuning));
  }

  /** `tuning` or a simpler one by which such heads attend rightly; undefined: by none. @throws RealizarError `device-lost` | `closed` */
  attentionFor(heads: HeadKind, tuning: Tuning): Promise<Tuning | undefined> {
    const simple: Tuning = { ...tuning, teams: 1, attentionParts: 1, attentionWorkgroups: 1 };
    return this.#firstRight(`heads of ${heads.headDim}`, [tuning, simple], (each) =>
      this.#try((trial) => wrongAttention(trial, heads, each)),
    );
  }

  /** Whether products find their largest output. @throws RealizarError `device-lost` | `closed` */
  async findsBest(tuning: Tuning): Promise<boolean> {
    const search = () => this.#try((trial) => wrongBest(trial, tuning));
    return (await this.#firstRight('the largest logit', [tuning], search)) !== undefined;
  }

  async #firstRight(
    what: string,
    candidates: readonly Tuning[],
    wrongKernel: (tuning: Tuning) => Promise<string | undefined>,
  ): Promise<Tuning | undefined> {
    for (const candidate of candidates) {
      const wrong = await wrongKernel(candidate);
      if (wrong === undefined) return candidate;
      const device = this.#opened.facts.description;
      this.#warn(`${wrong} gives wrong results for ${what} on ${device}: a simpler kernel takes its place`);
    }
    return undefined;
  }

  async #try<T>(body: (trial: Trial) => Promise<T>): Promise<T> {
    const trial = new Trial(this.#opened);
    try {
      return await body(trial);
    } finally {
      trial.end();
    }
  }
}
