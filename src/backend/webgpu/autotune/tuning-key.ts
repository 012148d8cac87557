import { shaders } from '../../../generated/shaders.ts';
import type { DeviceFacts } from '../device-facts.ts';
import type { Tuning } from '../kernels/tuning.ts';
import type { CutSpace } from './cuts.ts';
import type { ProductKind } from './product-kinds.ts';

/** Raised when what is kept changes its meaning, or how it is measured. */
const VERSION = 1;

/** For what a choice holds: this device with this driver, these shaders, products of this shape and format. */
export function tuningKey(facts: DeviceFacts, tuning: Tuning, kind: ProductKind, { kernel }: CutSpace): string {
  const { description, features, language, limits } = facts;
  const { int8, subgroup, maxVectors } = tuning;
  return JSON.stringify([
    VERSION,
    description,
    [...features].toSorted().join(' '),
    [...language].toSorted().join(' '),
    [limits.maxComputeWorkgroupStorageSize, limits.maxComputeInvocationsPerWorkgroup],
    [int8, subgroup, maxVectors],
    textHash(Object.values(shaders)),
    kernel,
    kind.name,
    kind.products.length,
  ]);
}

/** FNV-1a, 32 bits: texts that differ by accident. http://www.isthe.com/chongo/tech/comp/fnv */
function textHash(texts: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}
