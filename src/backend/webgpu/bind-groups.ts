import { RealizarError } from '../../errors.ts';
import type { Kernel } from './kernel.ts';

/** A whole buffer, or a part of one; offsets are multiples of `minStorageBufferOffsetAlignment` (256). */
export type Bound = GPUBuffer | { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number };

// A decode step has some hundred; many more come only from lengths that change, and are soon useless.
const MAX_GROUPS = 8192;

/** Bind groups by kernel and buffers: making one takes longer than a dispatch. */
export class BindGroups {
  readonly #device: GPUDevice;
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #ids = new WeakMap<GPUBuffer, number>();
  #nextId = 0;
  made = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  of(kernel: Kernel, bound: readonly Bound[]): GPUBindGroup {
    let key = String(kernel.id);
    for (const part of bound) {
      key += isWhole(part) ? ` ${this.#idOf(part)}` : ` ${this.#idOf(part.buffer)}+${part.offset}+${part.size}`;
    }
    const known = this.#groups.get(key);
    if (known) return known;
    const group = this.#create(kernel, bound);
    if (this.#groups.size >= MAX_GROUPS) this.#groups.clear();
    this.#groups.set(key, group);
    return group;
  }

  forget(): void {
    this.#groups.clear();
  }

  #create(kernel: Kernel, bound: readonly Bound[]): GPUBindGroup {
    if (bound.length !== kernel.bindings.length) {
      const names = kernel.bindings.map(({ name }) => name).join(', ');
      throw new RealizarError('shader-error', `${kernel.name} takes ${names}, and was given ${bound.length} buffers`);
    }
    this.made++;
    const entries = bound.map((part, i) => ({
      binding: kernel.bindings[i]!.binding,
      resource: isWhole(part) ? { buffer: part } : part,
    }));
    return this.#device.createBindGroup({ label: kernel.name, layout: kernel.layout, entries });
  }

  #idOf(buffer: GPUBuffer): number {
    const known = this.#ids.get(buffer);
    if (known !== undefined) return known;
    this.#ids.set(buffer, this.#nextId);
    return this.#nextId++;
  }
}

const isWhole = (part: Bound): part is GPUBuffer => !('buffer' in part);
