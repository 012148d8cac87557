/*
 * What a header may ask for. All are far above real models; together they keep the memory that parsing any file can
 * take under 300 MB.
 */

/** The largest real headers (vocabularies of 262,144 tokens with their merges) have about 15 MB. */
export const MAX_HEADER_BYTES = 64 * 2 ** 20;
/** Real files have less than 100. */
export const MAX_METADATA_ENTRIES = 65_536;
/** Experts stored one by one, the worst case, are under 50,000. */
export const MAX_TENSORS = 131_072;
/** GGUF's specification allows keys of 2^16 - 1 bytes. */
export const MAX_KEY_BYTES = 65_535;
/** GGUF's specification: tensor names are at most 64 bytes. */
export const MAX_TENSOR_NAME_BYTES = 64;
/**
 * Elements of all arrays that become one JavaScript value each (texts, booleans, arrays). The largest vocabularies have
 * 262,144 tokens and 515,000 merges.
 */
export const MAX_BOXED_ELEMENTS = 2 ** 20;
/** Arrays inside arrays; each is an object of its own. */
export const MAX_NESTED_ARRAYS = 65_536;
/** llama.cpp refuses arrays of arrays altogether. */
export const MAX_ARRAY_DEPTH = 4;
export const MAX_DIMENSIONS = 4;
/** Kernels count rows and columns in 32 bits. */
export const MAX_DIMENSION = 2 ** 31 - 1;
export const MAX_ALIGNMENT = 65_536;
/** Llama-3.1-405B in F32 comes in 200 parts of 8 GB. */
export const MAX_SPLIT_PARTS = 1024;
