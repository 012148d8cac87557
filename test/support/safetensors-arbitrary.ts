import fc from 'fast-check';
import { dtypeBits, type SafetensorsDType } from '../../src/safetensors/dtypes.ts';
import type { TensorToWrite } from '../../src/safetensors/write.ts';

export interface SafetensorsDescription {
  readonly tensors: ReadonlyMap<string, TensorToWrite>;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

const name = fc
  .oneof(fc.string({ maxLength: 12 }), fc.constantFrom('__proto__', 'constructor', 'toString', ''))
  .filter((text) => text !== '__metadata__');

const tensor = (): fc.Arbitrary<TensorToWrite> =>
  fc
    .record({
      dtype: fc.constantFrom<SafetensorsDType>(...(Object.keys(dtypeBits) as SafetensorsDType[])),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      fill: fc.integer({ min: 0, max: 255 }),
    })
    .map(({ dtype, shape, fill }) => {
      // A last dimension of 4 makes whole bytes of any number of bits.
      const whole = dtypeBits[dtype] % 8 === 0 ? shape : [...shape, 4];
      const bytes = whole.reduce((product, n) => product * n, dtypeBits[dtype]) / 8;
      return { dtype, shape: whole, data: new Uint8Array(bytes).fill(fill) };
    });

/** Any small valid file. */
export const safetensorsDescription = (): fc.Arbitrary<SafetensorsDescription> =>
  fc.record({
    tensors: fc
      .uniqueArray(fc.tuple(name, tensor()), { maxLength: 5, selector: ([key]) => key })
      .map((entries) => new Map(entries)),
    metadata: fc.option(fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 3 }), {
      nil: undefined,
    }),
  });
