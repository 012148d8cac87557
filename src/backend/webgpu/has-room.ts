import { COPY_DST, STORAGE } from './gpu-flags.ts';

/** Many drivers have no larger pieces. */
const PIECE_BYTES = 2 ** 30;

/**
 * Whether a device has so much memory left. WebGPU does not say how much there is, so it is asked for and given back.
 * A driver may promise more than it has; what then happens while loading is out of memory too.
 */
export async function hasRoom(device: GPUDevice, bytes: number): Promise<boolean> {
  const piece = Math.min(PIECE_BYTES, device.limits.maxBufferSize);
  const buffers: GPUBuffer[] = [];
  device.pushErrorScope('out-of-memory');
  for (let left = bytes; left > 0; left -= piece) {
    const size = Math.max(4, Math.ceil(Math.min(left, piece) / 4) * 4);
    buffers.push(device.createBuffer({ label: 'room for the model', size, usage: STORAGE | COPY_DST }));
  }
  const error = await device.popErrorScope().catch((lost: unknown) => lost);
  for (const buffer of buffers) buffer.destroy();
  return error === null;
}
