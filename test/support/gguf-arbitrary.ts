import fc from 'fast-check';
import { byteLength, dtypes, formats, type DType } from '../../src/dtype/index.ts';
import { valueTypes, type GgufDescription, type GgufTensorDescription, type GgufValue } from './gguf-writer.ts';

const int = (bits: number, signed: boolean) =>
  signed
    ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
    : fc.integer({ min: 0, max: 2 ** bits - 1 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });

/** A value of each scalar type. */
const scalars = {
  u8: int(8, false), i8: int(8, true), u16: int(16, false), i16: int(16, true), u32: int(32, false), i32: int(32, true),
  f32: fc.float(), f64: fc.double(), bool: fc.boolean(), string: text,
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
} as const; // prettier-ignore

const scalarOf = (type: keyof typeof scalars) =>
  (scalars[type] as fc.Arbitrary<unknown>).map((value) => ({ type, value }) as GgufValue);
const scalarType = fc.constantFrom(...(Object.keys(scalars) as (keyof typeof scalars)[]));

/** Elements of an array are all of one type, and those of nested arrays of one type each. */
const arrayOf = (depth: number): fc.Arbitrary<GgufValue> =>
  fc.constantFrom(...(Object.keys(valueTypes) as GgufValue['type'][])).chain((element) => {
    const nested = element === 'array' && depth < 4;
    const type = element === 'array' && !nested ? 'u8' : element;
    const value = type === 'array' ? arrayOf(depth + 1) : scalarOf(type);
    return fc.array(value, { maxLength: 6 }).map((values) => ({ type: 'array', element: type, values }));
  });

export const ggufValue = (): fc.Arbitrary<GgufValue> =>
  fc.oneof({ weight: 3, arbitrary: scalarType.chain(scalarOf) }, { weight: 2, arbitrary: arrayOf(1) });

const inGguf = dtypes.filter((dtype) => formats[dtype].ggmlType !== undefined);

export const ggufTensor = (): fc.Arbitrary<GgufTensorDescription> =>
  fc
    .record({
      name: fc.string({ unit: fc.constantFrom(...'abcdefgh.0123456789'.split('')), minLength: 1, maxLength: 16 }),
      dtype: fc.constantFrom<DType>(...inGguf),
      rows: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
      blocks: fc.integer({ min: 1, max: 2 }),
      fill: fc.integer({ min: 0, max: 255 }),
    })
    .map(({ name, dtype, rows, blocks, fill }) => {
      const shape = [...rows, blocks * formats[dtype].blockSize];
      return {
        name,
        ggmlType: formats[dtype].ggmlType!,
        shape,
        data: new Uint8Array(byteLength(dtype, shape)).fill(fill),
      };
    });

/** Any small valid file. */
export const ggufDescription = (): fc.Arbitrary<GgufDescription> =>
  fc.record({
    version: fc.constantFrom(2, 3),
    alignment: fc.constantFrom(1, 2, 8, 32, 64, 256),
    metadata: fc
      .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 24 }), ggufValue()), {
        maxLength: 6,
        selector: ([key]) => key,
      })
      .map((entries) => entries.filter(([key]) => !/^(general\.alignment|split\.count)$/.test(key))),
    tensors: fc.uniqueArray(ggufTensor(), { maxLength: 5, selector: ({ name }) => name }),
  });
