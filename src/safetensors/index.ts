/**
 * Reads and writes SafeTensors files, and opens Hugging Face folders.
 *
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { parseSafetensorsHeader, tensorView } from 'realizar/safetensors';
 *
 * const file = await readFile('regression.safetensors');
 * const { tensors } = parseSafetensorsHeader(file);
 * const coefficients = tensorView(file, tensors.get('coefficients')!, 'F32'); // Float32Array over the file's memory
 * ```
 *
 * @module
 */
export { blobSource, memorySource, type ByteSource } from '../checkpoint/byte-source.ts';
export { httpSource, type HttpSourceOptions } from '../checkpoint/byte-source.http.ts';
export { fileSource } from '../checkpoint/file-source.ts';
export type { FileExtent } from '../checkpoint/byte-reader.ts';
export type { Checkpoint, MetadataArray, MetadataValue, TensorInfo } from '../checkpoint/checkpoint.ts';
export { RealizarError, type ErrorCode } from '../errors.ts';
export type { SafetensorsDType } from './dtypes.ts';
export { openHfFolder, type OpenFile, type ReadFile } from './hf-folder.ts';
export { openSafetensors, type SafetensorsFile } from './open.ts';
export { parseSafetensorsHeader, type SafetensorsHeader, type SafetensorsTensor } from './parse.ts';
export { tensorView, type TensorArray } from './tensor-view.ts';
export { writeSafetensors, type TensorToWrite } from './write.ts';
