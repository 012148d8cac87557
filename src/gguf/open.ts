import { checkRange, type ByteSource } from '../checkpoint/byte-source.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { RealizarError } from '../errors.ts';
import type { GgufTensor } from './place-tensors.ts';
import { readHeader, type GgufFile } from './read-header.ts';
import { openParts, partlessName, type OpenSibling } from './split.ts';

/**
 * Opens a GGUF file, or a split one given its first part. Reads the header only; weights are read when asked for.
 * Takes over `source`: it is closed with the checkpoint, or when opening fails.
 *
 * @param openSibling opens another part by its base name, in the folder of the first
 * @throws RealizarError as `parseGguf`; `missing-file` where a part is absent
 */
export async function openGguf(source: ByteSource, openSibling?: OpenSibling): Promise<Checkpoint> {
  try {
    const first = { source, header: await readHeader(source) };
    return checkpointOf([first, ...(await openParts(first, openSibling))]);
  } catch (error) {
    await source.close();
    throw error;
  }
}

function checkpointOf(parts: readonly GgufFile[]): Checkpoint {
  const [first] = parts as [GgufFile];
  const tensors = new Map<string, GgufTensor>();
  const sources = new Map<string, ByteSource>();
  for (const { source, header } of parts) {
    for (const tensor of header.tensors) {
      tensors.set(tensor.name, tensor);
      sources.set(tensor.name, source);
    }
  }
  return {
    format: 'gguf',
    name: partlessName(first.source.name),
    byteLength: parts.reduce((sum, { source }) => sum + source.byteLength, 0),
    metadata: first.header.metadata,
    tensors,
    companions: new Map(),
    async read({ name }, start = 0, end, into) {
      const tensor = tensors.get(name);
      if (tensor === undefined)
        throw new RealizarError('missing-tensor', `${first.source.name} has no tensor ${name}`, { field: name });
      const stop = end ?? tensor.byteLength;
      checkRange(tensor, start, stop, into);
      return sources.get(name)!.read(tensor.offset + start, tensor.offset + stop, into);
    },
    locate({ name }) {
      const [tensor, file] = [tensors.get(name), sources.get(name)?.file];
      return tensor && file && { file, offset: tensor.offset };
    },
    close: async () => void (await Promise.all(parts.map(({ source }) => source.close()))),
  };
}
