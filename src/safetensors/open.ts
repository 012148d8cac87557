import { checkRange, type ByteSource } from '../checkpoint/byte-source.ts';
import type { FileRange } from '../checkpoint/open-file.ts';
import { RealizarError } from '../errors.ts';
import { headerLength, parseSafetensorsHeader, PREFIX_BYTES, type SafetensorsHeader } from './parse.ts';

/** An open SafeTensors file: its header, and its data on request. */
export interface SafetensorsFile extends SafetensorsHeader {
  readonly byteLength: number;
  /**
   * Reads bytes [start, end) of a tensor's data (the whole of it by default).
   *
   * @throws RealizarError `missing-tensor`; as `ByteSource.read`
   */
  read(name: string, start?: number, end?: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Where a tensor's data lie, if in a file that this process holds open. */
  locate(name: string): FileRange | undefined;
  close(): Promise<void>;
}

/**
 * Opens a SafeTensors file. Takes over `source`: it is closed with the file, or when opening fails.
 *
 * @throws RealizarError as `parseSafetensorsHeader`
 */
export async function openSafetensors(source: ByteSource): Promise<SafetensorsFile> {
  try {
    return fileOf(source, await readHeader(source));
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const prefix = await source.read(0, Math.min(PREFIX_BYTES, source.byteLength));
  const end = PREFIX_BYTES + headerLength(prefix, source);
  return parseSafetensorsHeader(await source.read(0, end), source);
}

function fileOf(source: ByteSource, { metadata, tensors }: SafetensorsHeader): SafetensorsFile {
  return {
    metadata,
    tensors,
    byteLength: source.byteLength,
    async read(name, start = 0, end, into) {
      const tensor = tensors.get(name);
      if (tensor === undefined)
        throw new RealizarError('missing-tensor', `${source.name} has no tensor ${name}`, { field: name });
      const stop = end ?? tensor.byteLength;
      checkRange(tensor, start, stop, into);
      return source.read(tensor.offset + start, tensor.offset + stop, into);
    },
    locate(name) {
      const tensor = tensors.get(name);
      return tensor && source.file && { file: source.file, offset: tensor.offset };
    },
    close: () => source.close(),
  };
}
