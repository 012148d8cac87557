import { RealizarError } from '../../errors.ts';
import { mebibytes } from '../mebibytes.ts';

/**
 * What went wrong on a device, which WebGPU tells later and elsewhere: lost devices, allocations that did not fit, shaders that
 * do not compile. Nothing is read from a device before `settled()` found it in order, so that nobody sees numbers that are none.
 */
export class DeviceHealth {
  readonly #device: GPUDevice;
  readonly #watched = new Set<Promise<void>>();
  /** They hear of it when the device is lost. */
  readonly #waiting = new Set<(lost: RealizarError) => void>();
  #lostBecause: RealizarError | undefined;
  #cause: RealizarError | undefined;
  /** Often only what follows from a cause that is told later. */
  #complaint: RealizarError | undefined;
  #isDisposed = false;
  readonly #complain = (event: GPUUncapturedErrorEvent): void => {
    event.preventDefault();
    this.#complaint ??= asError(event.error, 'the GPU refused what it was given');
  };

  constructor(device: GPUDevice) {
    this.#device = device;
    device.addEventListener('uncapturederror', this.#complain);
    void device.lost.then(({ reason, message }) => {
      const lost = this.#isDisposed ? closedError() : lostError(reason, message);
      this.#lostBecause = lost;
      for (const tell of this.#waiting) tell(lost);
    });
  }

  /** The first thing that went wrong; a lost device before all others. */
  get failure(): RealizarError | undefined {
    return this.#lostBecause ?? this.#cause ?? this.#complaint;
  }

  report(error: RealizarError): void {
    this.#cause ??= error;
  }

  /** Nobody minds any more: the device may be destroyed on purpose, and what still waits hears `closed`. */
  dispose(): void {
    this.#isDisposed = true;
    this.#device.removeEventListener('uncapturederror', this.#complain);
  }

  /** @throws RealizarError `out-of-memory` for more than the device allows; what does not fit is found by `settled` */
  allocate(bytes: number, what: string, usage: number): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const { maxBufferSize } = this.#device.limits;
    if (size > maxBufferSize) throw tooLarge(what, size, `${mebibytes(maxBufferSize)} at a time`);
    if (this.failure) throw this.failure;
    return this.watch(
      'out-of-memory',
      () => this.#device.createBuffer({ label: what, size, usage }),
      () => tooLarge(what, size, 'less than that'),
    );
  }

  /** Runs `body`; should the device object later, `settled` throws what `describe` says. */
  watch<T>(filter: GPUErrorFilter, body: () => T, describe: (error: GPUError) => RealizarError): T {
    this.#device.pushErrorScope(filter);
    const result = body();
    const checked = this.#device.popErrorScope().then(
      (error) => {
        if (error) this.report(describe(error));
      },
      () => {}, // the device is lost, which is told elsewhere
    );
    this.#watched.add(checked);
    void checked.finally(() => this.#watched.delete(checked));
    return result;
  }

  /** Waits for what is known of earlier calls. @throws RealizarError what went wrong: `device-lost` | `out-of-memory` | … */
  async settled(): Promise<void> {
    await this.race(Promise.all(this.#watched));
    if (this.failure) throw this.failure;
  }

  /** Waits for `promise`, or throws when the device is lost before. */
  async race<T>(promise: Promise<T>): Promise<T> {
    try {
      return await this.#unlessLost(promise);
    } catch (error) {
      if (error instanceof RealizarError) throw error;
      // A promise of a lost device may fail before `lost` is told.
      await this.#unlessLost(new Promise((done) => setTimeout(done, LOST_GRACE_MS)));
      throw this.failure ?? asError(error, 'the GPU failed');
    }
  }

  /** Not `Promise.race` with a promise of the loss: every call would leave something there for as long as the device lives. */
  #unlessLost<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lostBecause) return reject(this.#lostBecause);
      this.#waiting.add(reject);
      promise.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }
}

const LOST_GRACE_MS = 100;

const closedError = () => new RealizarError('closed', 'this backend was closed');

const lostError = (reason: string, message: string) =>
  new RealizarError('device-lost', `the GPU was lost (${reason}): ${message || 'its driver gave no reason'}`);

/** `out-of-memory`, with the ways out. */
export const tooLarge = (what: string, bytes: number, room: string) =>
  new RealizarError(
    'out-of-memory',
    `${what} needs ${mebibytes(bytes)} and the GPU gives ${room}; a smaller model, a shorter context or --backend wasm will fit`,
    { field: what },
  );

function asError(error: unknown, what: string): RealizarError {
  const message = error instanceof Error || isGpuError(error) ? error.message : String(error);
  const code = isOutOfMemory(error) ? 'out-of-memory' : 'backend-failed';
  return new RealizarError(code, `${what}: ${message}`, { cause: error });
}

const isGpuError = (error: unknown): error is GPUError =>
  typeof error === 'object' && error !== null && 'message' in error;
const isOutOfMemory = (error: unknown): boolean => error?.constructor?.name === 'GPUOutOfMemoryError';
