import { brief } from '../checkpoint/brief.ts';
import type { ByteReader } from '../checkpoint/byte-reader.ts';
import type { TensorInfo } from '../checkpoint/checkpoint.ts';
import type { TableEntry } from './tensor-table.ts';

/** A tensor and where its data start, in bytes from the start of the file. */
export interface GgufTensor extends TensorInfo {
  readonly offset: number;
}

/**
 * Turns offsets within the tensor data into offsets within the file, and proves that every tensor lies inside the file,
 * aligned, and over no other.
 *
 * @param dataStart where the tensor data begin in the file
 * @throws RealizarError `out-of-bounds` | `misaligned` | `overlap`
 */
export function placeTensors(
  reader: ByteReader,
  entries: readonly TableEntry[],
  dataStart: number,
  alignment: number,
): GgufTensor[] {
  const tensors = entries.map((entry) => placeTensor(reader, entry, dataStart, alignment));
  const byOffset = tensors
    .map((tensor, i) => ({ ...tensor, entryOffset: entries[i]!.entryOffset }))
    .sort((a, b) => a.offset - b.offset);
  byOffset.reduce(
    (before, tensor) => {
      if (tensor.offset >= before.offset + before.byteLength) return tensor;
      return reader.fail('overlap', tensor.name, `its data overlap those of ${brief(before.name)}`, tensor.entryOffset);
    },
    { name: '', offset: 0, byteLength: 0 } as Pick<GgufTensor, 'name' | 'offset' | 'byteLength'>,
  );
  return tensors;
}

function placeTensor(reader: ByteReader, entry: TableEntry, dataStart: number, alignment: number): GgufTensor {
  const { name, dtype, shape, byteLength, dataOffset, entryOffset } = entry;
  const end = BigInt(dataStart) + dataOffset + BigInt(byteLength);
  if (end > BigInt(reader.file.byteLength)) {
    const reason = `its data would end at byte ${end}, and the file has ${reader.file.byteLength}; it is incomplete or damaged, get it again`;
    reader.fail('out-of-bounds', name, reason, entryOffset);
  }
  const offset = Number(dataOffset);
  if (offset % alignment !== 0) {
    reader.fail(
      'misaligned',
      name,
      `its data start at ${offset}, which is no multiple of the alignment ${alignment}`,
      entryOffset,
    );
  }
  return { name, dtype, shape, byteLength, offset: dataStart + offset };
}
