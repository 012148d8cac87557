import { isSoftware, nameOf } from './adapter-info.ts';

/** What is known of a device before anything ran on it: kernels are chosen by these facts, never by a browser's name. */
export interface DeviceFacts {
  /** As the driver names them; lower case, empty where unknown: `nvidia`, `amd`, `intel`, `apple`, `google` (SwiftShader). */
  readonly vendor: string;
  readonly architecture: string;
  /** For people: the device and its driver. */
  readonly description: string;
  /** A software device, or one that the browser calls a fallback. */
  readonly isFallback: boolean;
  /** Of the device: `shader-f16`, `subgroups`, `subgroup-size-control`, `timestamp-query`, … */
  readonly features: ReadonlySet<string>;
  readonly limits: GPUSupportedLimits;
  /** 1 where there are no subgroups; where both are equal, the size is known when a shader is written. */
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  /** `dot4I8Packed`; it may be emulated (Metal has none). */
  readonly hasDot4: boolean;
  /** Language features of WGSL: `subgroup_id`, `buffer_view`, … */
  readonly language: ReadonlySet<string>;
}

export function deviceFacts(gpu: GPU | undefined, adapter: GPUAdapter | undefined, device: GPUDevice): DeviceFacts {
  const info = device.adapterInfo ?? adapter?.info;
  const features: ReadonlySet<string> = new Set<string>(device.features);
  const language: ReadonlySet<string> = new Set<string>(gpu?.wgslLanguageFeatures);
  const hasSubgroups = features.has('subgroups');
  return {
    vendor: (info?.vendor ?? '').toLowerCase(),
    architecture: (info?.architecture ?? '').toLowerCase(),
    description: nameOf(info),
    isFallback: isSoftware(info),
    features,
    limits: device.limits,
    subgroupMinSize: hasSubgroups ? (info?.subgroupMinSize ?? 1) : 1,
    subgroupMaxSize: hasSubgroups ? (info?.subgroupMaxSize ?? 1) : 1,
    hasDot4: language.has('packed_4x8_integer_dot_product'),
    language,
  };
}
