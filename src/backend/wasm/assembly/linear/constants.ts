// Vector constants as data. An engine builds a constant of the instruction stream anew at every use, inside the innermost
// loop too; one that comes from memory stays in a register.

const TABLE = memory.data<u32>(
  [
    0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, // low nibbles
    0x00ff00ff, 0x00ff00ff, 0x00ff00ff, 0x00ff00ff, // even bytes
    0x3f3f3f3f, 0x3f3f3f3f, 0x3f3f3f3f, 0x3f3f3f3f, // low six bits
    0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000, // sign, exponent and mantissa of a short float
    0x72800000, 0x72800000, 0x72800000, 0x72800000, // 2^102
    0x70800000, 0x70800000, 0x70800000, 0x70800000, // 2^98
    0xc2000000, 0xc2000000, 0xc2000000, 0xc2000000, // -32
    0x00010001, // 1 as 16 bits
  ],
  16,
);

@inline export function low_nibbles(): v128 { return v128.load(TABLE); }
@inline export function even_bytes(): v128 { return v128.load(TABLE, 16); }
@inline export function low_six_bits(): v128 { return v128.load32_splat(TABLE, 32); }
@inline export function short_float_bits(): v128 { return v128.load(TABLE, 48); }
@inline export function two_to_102(): v128 { return v128.load(TABLE, 64); }
@inline export function two_to_98(): v128 { return v128.load(TABLE, 80); }
@inline export function ones(): v128 { return v128.load32_splat(TABLE, 112); }
@inline export function negative_32(): v128 { return v128.load(TABLE, 96); }
