import { RealizarError } from '../../errors.ts';
import type { Kernel } from './kernel.ts';

/** A whole buffer, or a part of one; offsets are multiples of `minStorageBufferOffsetAlignment` (256). */
export type Bound = GPUBuffer | { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number };

// A decode step has some hundred; many more come only from lengths that change, and are soon useless.
const MAX_GROUPS = 8192;

/** Where the buffers bound so far lead to: a step has no time to write names of them into keys. */
interface Node {
  readonly next: Map<GPUBuffer | number, Node>;
  group?: GPUBindGroup;
}

/** Bind groups by kernel and buffers: making one takes longer than a dispatch. */
export class BindGroups {
  readonly #device: GPUDevice;
  readonly #kernels = new Map<number, Node>();
  #kept = 0;
  made = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  of(kernel: Kernel, bound: readonly Bound[]): GPUBindGroup {
    let node = this.#kernels.get(kernel.id);
    if (node === undefined) this.#kernels.set(kernel.id, (node = { next: new Map() }));
    for (const part of bound) {
      if (isWhole(part)) node = follow(node, part);
      else node = follow(follow(follow(node, part.buffer), part.offset), part.size);
    }
    return node.group ?? this.#keep(node, this.#create(kernel, bound));
  }

  forget(): void {
    this.#kernels.clear();
    this.#kept = 0;
  }

  #keep(node: Node, group: GPUBindGroup): GPUBindGroup {
    if (this.#kept >= MAX_GROUPS) this.forget();
    else node.group = group;
    this.#kept++;
    return group;
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
}

function follow({ next }: Node, key: GPUBuffer | number): Node {
  let node = next.get(key);
  if (node === undefined) next.set(key, (node = { next: new Map() }));
  return node;
}

const isWhole = (part: Bound): part is GPUBuffer => !('buffer' in part);
