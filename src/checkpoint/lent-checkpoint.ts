import { RealizarError } from '../errors.ts';
import type { Checkpoint } from './checkpoint.ts';

/** Somebody else's checkpoint, whose weights a new device needs once more: `close` leaves it open, if it still is. */
export function lentCheckpoint(checkpoint: Checkpoint): Checkpoint {
  const { format, name, byteLength, metadata, tensors, companions } = checkpoint;
  const read: Checkpoint['read'] = async (...range) => {
    try {
      return await checkpoint.read(...range);
    } catch (cause) {
      const message = `the device was lost, and ${name} cannot be read again; keep a checkpoint open for as long as its engine, or load the engine by path`;
      throw new RealizarError('device-lost', message, { cause });
    }
  };
  return { format, name, byteLength, metadata, tensors, companions, read, close: async () => {} };
}
