import { isSoftware, nameOf } from './adapter-info.ts';
import { openDawn } from './dawn.node.ts';
import { requestAdapter } from './device.ts';

/** The GPU of a Node process, as far as it shows itself without being opened. */
export interface FoundGpu {
  readonly adapter: GPUAdapter | undefined;
  /** Hardware, and not a program that plays one. */
  readonly isReal: boolean;
  /** In a line: its name, or why there is none. */
  readonly detail: string;
}

/** Never throws. @param name part of the wanted GPU's name */
export async function findGpu(name?: string): Promise<FoundGpu> {
  const dawn = await openDawn();
  if ('missing' in dawn) return { adapter: undefined, isReal: false, detail: dawn.missing };
  try {
    const adapter = await requestAdapter(dawn, name);
    const isReal = !isSoftware(adapter.info);
    const remark = isReal ? '' : '; a software device, slower than wasm: taken only by name';
    return { adapter, isReal, detail: nameOf(adapter.info) + remark };
  } catch (error) {
    return { adapter: undefined, isReal: false, detail: (error as Error).message };
  }
}
