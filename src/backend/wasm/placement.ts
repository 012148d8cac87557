import { RealizarError } from '../../errors.ts';
import type { MemoryPart, MemoryPlan } from '../backend.ts';
import { mebibytes } from '../mebibytes.ts';
import { kvLayerBytes } from './kv-cache.ts';
import { WEIGHT_ALIGNMENT } from './layouts.ts';
import { roundUp } from './round-up.ts';
import { weightBytes } from './upload.ts';

/** In which memory things lie, by its number. */
export interface Placement {
  readonly banks: number;
  /** Bytes of the weights in each memory. */
  readonly weightBytes: readonly number[];
  ofWeight(name: string): number;
  ofLayer(layer: number): number;
}

/** Everything in one memory. */
export const onePlace: Placement = { banks: 1, weightBytes: [0], ofWeight: () => 0, ofLayer: () => 0 };

/** Left free in every memory, for activations and what the threads need: a sixteenth, and never less than this. */
const MIN_ROOM_BYTES = 6 * 2 ** 20;

/**
 * Cuts a model into runs of parts that fit a memory each.
 *
 * @param maxBytes of one memory
 * @throws RealizarError `out-of-memory` where a part fits none
 */
export function placeModel(plan: MemoryPlan, maxBytes: number): Placement {
  const room = maxBytes - Math.max(MIN_ROOM_BYTES, maxBytes / 16);
  const kvBytes = kvLayerBytes(plan.kvCache);
  const weights = new Map<string, number>();
  const layers = new Map<number, number>();
  const bytesOfBanks = [0];
  let bank = 0;
  let used = 0;
  for (const part of plan.parts) {
    const ownBytes = partBytes(part);
    const bytes = ownBytes + (part.layer === undefined ? 0 : kvBytes);
    if (bytes > room) throw tooLarge(part, bytes, room);
    if (used + bytes > room) {
      bank = bytesOfBanks.push(0) - 1;
      used = 0;
    }
    bytesOfBanks[bank]! += ownBytes;
    used += bytes;
    for (const { name } of part.weights) weights.set(name, bank);
    if (part.layer !== undefined) layers.set(part.layer, bank);
  }
  return {
    banks: bytesOfBanks.length,
    weightBytes: bytesOfBanks,
    ofWeight: (name) => weights.get(name) ?? 0,
    ofLayer: (layer) => layers.get(layer) ?? 0,
  };
}

const partBytes = ({ weights }: MemoryPart): number =>
  weights.reduce((sum, { dtype, shape }) => sum + roundUp(weightBytes(dtype, shape), WEIGHT_ALIGNMENT), 0);

function tooLarge({ weights }: MemoryPart, bytes: number, room: number): RealizarError {
  const [first] = weights;
  const message =
    `${weights.length === 1 ? first!.name : `the ${weights.length} weights from ${first!.name} on`} and their keys and values ` +
    `need ${mebibytes(bytes)}, but one WebAssembly memory has room for ${mebibytes(room)}; ` +
    'try a smaller model, a shorter context, or fewer bits a weight';
  return new RealizarError('out-of-memory', message, { field: first!.name });
}
