import { RealizarError } from '../errors.ts';
import type { KvShape } from './backend.ts';

/** Values of a head that share a scale in a q8_0 cache. */
const Q8_0_BLOCK = 32;

/**
 * Whether keys and values of this shape can be stored in its dtype.
 * @throws RealizarError `invalid-argument`
 */
export function checkKvShape({ dtype, headDim }: KvShape): void {
  if (dtype !== 'q8_0' || headDim % Q8_0_BLOCK === 0) return;
  throw new RealizarError(
    'invalid-argument',
    `a q8_0 kv cache stores ${Q8_0_BLOCK} values of a head with one scale, which heads of ${headDim} values cannot be divided ` +
      `into; take f16 or f32 for kvCacheType`,
    { field: 'kvCacheType' },
  );
}
