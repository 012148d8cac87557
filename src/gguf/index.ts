/**
 * Reads GGUF files: metadata, tensor table, tensor data by ranges.
 *
 * ```ts
 * import { fileSource, openGguf } from 'realizar/gguf';
 *
 * const checkpoint = await openGguf(await fileSource('model.gguf'));
 * console.log(checkpoint.metadata.get('general.architecture'), checkpoint.tensors.size, 'tensors');
 * const norm = checkpoint.tensors.get('output_norm.weight')!;
 * console.log(norm.dtype, norm.shape, (await checkpoint.read(norm)).byteLength, 'bytes');
 * await checkpoint.close();
 * ```
 *
 * @module
 */
export { blobSource, memorySource, type ByteSource } from '../checkpoint/byte-source.ts';
export { httpSource, type HttpSourceOptions } from '../checkpoint/byte-source.http.ts';
export { fileSource } from '../checkpoint/file-source.ts';
export { MoreBytesNeeded, type FileExtent } from '../checkpoint/byte-reader.ts';
export type { Checkpoint, MetadataArray, MetadataValue, TensorInfo } from '../checkpoint/checkpoint.ts';
export { RealizarError, type ErrorCode } from '../errors.ts';
export { openGguf } from './open.ts';
export { isGguf, parseGguf, type GgufHeader } from './parse.ts';
export type { GgufTensor } from './place-tensors.ts';
export type { OpenSibling } from './split.ts';
