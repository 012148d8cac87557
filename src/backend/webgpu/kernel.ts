import { RealizarError } from '../../errors.ts';
import type { DeviceHealth } from './device-health.ts';
import { COMPUTE_STAGE } from './gpu-flags.ts';
import { link, type Defines } from './link.ts';

/** A compiled shader and what it has to be given. */
export interface Kernel {
  /** Of the file in shaders/. */
  readonly name: string;
  readonly id: number;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** In the order of their numbers. */
  readonly bindings: readonly DeclaredBinding[];
}

export interface DeclaredBinding {
  readonly binding: number;
  readonly name: string;
  readonly type: GPUBufferBindingType;
}

const DECLARATION =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<\s*(uniform|storage)\s*(?:,\s*(read|read_write)\s*)?>\s*(\w+)/g;

/** The buffers that a shader declares in group 0. */
export function declaredBindings(code: string): readonly DeclaredBinding[] {
  return [...code.matchAll(DECLARATION)]
    .map(([, binding, space, access, name]): DeclaredBinding => {
      const type = space === 'uniform' ? 'uniform' : access === 'read_write' ? 'storage' : 'read-only-storage';
      return { binding: Number(binding), name: name!, type };
    })
    .toSorted((a, b) => a.binding - b.binding);
}

/** Compiles shaders, each linked text once. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #byDefines = new Map<string, Kernel>();
  readonly #byText = new Map<string, Kernel>();
  readonly #health: DeviceHealth;

  /** @param health is told of a shader that does not compile, when it was asked for without waiting */
  constructor(device: GPUDevice, health: DeviceHealth) {
    this.#device = device;
    this.#health = health;
  }

  /** @throws RealizarError `shader-error` when its text cannot be linked */
  get(name: string, defines: Defines): Kernel {
    const key = keyOf(name, defines);
    const known = this.#byDefines.get(key);
    if (known) return known;
    const code = link(name, defines);
    const kernel = this.#byText.get(code) ?? this.#compile(name, code);
    this.#byText.set(code, kernel);
    this.#byDefines.set(key, kernel);
    return kernel;
  }

  /** Compiles many at once, beside one another. @throws RealizarError `shader-error`, naming the shader */
  async prepare(list: readonly (readonly [name: string, defines: Defines])[]): Promise<void> {
    await Promise.all(
      list.map(async ([name, defines]) => {
        const key = keyOf(name, defines);
        if (this.#byDefines.has(key)) return;
        const code = link(name, defines);
        this.#device.pushErrorScope('validation'); // a module that is wrong is also a pipeline that is refused
        const { kernel, descriptor } = this.#partsOf(name, code);
        const moduleError = this.#device.popErrorScope();
        try {
          const pipeline = await this.#device.createComputePipelineAsync(descriptor);
          const compiled = this.#byText.get(code) ?? { ...kernel, pipeline };
          this.#byText.set(code, compiled);
          this.#byDefines.set(key, compiled);
        } catch (cause) {
          throw shaderError(name, (await moduleError.catch(() => null)) ?? cause);
        }
      }),
    );
  }

  #compile(name: string, code: string): Kernel {
    const build = () => {
      const { kernel, descriptor } = this.#partsOf(name, code);
      return { ...kernel, pipeline: this.#device.createComputePipeline(descriptor) };
    };
    return this.#health.watch('validation', build, (error) => shaderError(name, error));
  }

  #partsOf(name: string, code: string) {
    const bindings = declaredBindings(code);
    const layout = this.#device.createBindGroupLayout({
      label: name,
      entries: bindings.map(({ binding, type }) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } })),
    });
    const descriptor: GPUComputePipelineDescriptor = {
      label: name,
      layout: this.#device.createPipelineLayout({ label: name, bindGroupLayouts: [layout] }),
      compute: { module: this.#device.createShaderModule({ label: name, code }) },
    };
    return { descriptor, kernel: { name, id: nextId++, layout, bindings } };
  }
}

// Numbers name kernels in the keys of bind groups; they only have to differ.
let nextId = 0;

const keyOf = (name: string, defines: Defines): string => {
  let key = name;
  for (const define in defines) key += ` ${define}=${String(defines[define])}`;
  return key;
};

const shaderError = (name: string, cause: unknown): RealizarError =>
  new RealizarError('shader-error', `shaders/${name}.wgsl does not compile here: ${messageOf(cause)}`, {
    field: name,
    cause,
  });

const messageOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : String(cause);
