import { brief } from '../checkpoint/brief.ts';
import type { TensorInfo } from '../checkpoint/checkpoint.ts';
import { dtypeOfSafetensorsName } from '../dtype/index.ts';
import { RealizarError } from '../errors.ts';
import type { SafetensorsFile } from './open.ts';
import type { SafetensorsTensor } from './parse.ts';

/** A tensor under the name that its own file has for it. */
export interface StoredTensor {
  readonly file: SafetensorsFile;
  readonly tensor: SafetensorsTensor;
}

/**
 * The tensors that realizar can compute with. One of another dtype (F4, C64, …) is no error until somebody needs it.
 *
 * @param stored by GGUF's names
 * @returns a map whose `get` throws RealizarError `unsupported-dtype` for the others
 */
export function tensorTable(stored: ReadonlyMap<string, StoredTensor>, model: string): ReadonlyMap<string, TensorInfo> {
  const table = new TensorTable(model);
  for (const [name, { tensor }] of stored) {
    const dtype = dtypeOfSafetensorsName.get(tensor.dtype);
    if (dtype === undefined) table.unsupported.set(name, tensor.dtype);
    else table.set(name, { name, dtype, shape: tensor.shape, byteLength: tensor.byteLength });
  }
  return table;
}

class TensorTable extends Map<string, TensorInfo> {
  readonly unsupported = new Map<string, string>();
  readonly #model: string;

  constructor(model: string) {
    super();
    this.#model = model;
  }

  override has(name: string): boolean {
    return super.has(name) || this.unsupported.has(name);
  }

  override get(name: string): TensorInfo | undefined {
    const dtype = this.unsupported.get(name);
    if (dtype === undefined) return super.get(name);
    throw new RealizarError(
      'unsupported-dtype',
      `${this.#model}: ${brief(name)} is stored as ${dtype}, which cannot be computed with`,
      { field: name },
    );
  }
}
