// Numbers known while the kernels are compiled. AssemblyScript has no numeric type parameters: a class of n bytes stands for
// the number n, which `offsetof` folds at once, so that branches a kernel does not need are never compiled.

@unmanaged export class N0 {}
@unmanaged export class N1 { a: u8; }
@unmanaged export class N2 { a: u16; }
@unmanaged export class N3 { a: u16; b: u8; }
@unmanaged export class N4 { a: u32; }
@unmanaged export class N5 { a: u32; b: u8; }
@unmanaged export class N6 { a: u32; b: u16; }
@unmanaged export class N7 { a: u32; b: u16; c: u8; }
@unmanaged export class N8 { a: u64; }
@unmanaged export class N9 { a: u64; b: u8; }
@unmanaged export class N10 { a: u64; b: u16; }
