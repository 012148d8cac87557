import type { Candidates } from './candidates.ts';
import { first, pick } from './candidates.ts';

/** Places in a vocabulary need this many bits, so that 32 bits of logit and a place fit a double's 53. */
const PLACE_BITS = 21;

/** The largest vocabulary that can be sampled from: eight times the largest in use. */
export const MAX_CANDIDATES = 2 ** PLACE_BITS;

/**
 * The best `count` candidates, best first; of equal logits, the earlier one first.
 *
 * Few are selected by a heap in one pass; many are sorted.
 */
export function bestFirst(candidates: Candidates, count: number = candidates.ids.length): Candidates {
  const size = candidates.ids.length;
  const wanted = Math.min(count, size);
  if (candidates.sorted) return first(candidates, wanted);
  return pick(
    candidates,
    wanted * 16 < size ? selected(candidates.logits, wanted) : sorted(candidates.logits).subarray(0, wanted),
    true,
  );
}

/**
 * Places of all logits, best first.
 *
 * A float's bits, once the negative ones are turned around, order like the float. Joined with the place they make one
 * integer below 2^53, and a typed array of those sorts natively.
 */
function sorted(logits: Float32Array): Int32Array {
  const bits = new Uint32Array(logits.slice().buffer);
  const keys = new Float64Array(bits.length);
  for (let place = 0; place < keys.length; place++) {
    const raw = logits[place] === 0 ? 0 : bits[place]!; // -0 equals 0
    keys[place] = (raw >>> 31 ? raw : ~raw & 0x7fffffff) * MAX_CANDIDATES + place;
  }
  keys.sort();

  const places = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) places[i] = keys[i]! % MAX_CANDIDATES;
  return places;
}

/** Places of the best `count` logits, best first: a heap of the best so far, the worst of them on top. */
function selected(logits: Float32Array, count: number): Int32Array {
  const heap = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count >> 1; i-- > 0;) siftDown(heap, i, logits);

  let worst = logits[heap[0]!]!;
  for (let place = count; place < logits.length; place++) {
    if (logits[place]! <= worst) continue;
    heap[0] = place;
    siftDown(heap, 0, logits);
    worst = logits[heap[0]]!;
  }
  return heap.sort((a, b) => logits[b]! - logits[a]! || a - b);
}

/** Restores the heap below `parent`. Of equal logits the higher place is the worse. */
function siftDown(heap: Int32Array, parent: number, logits: Float32Array): void {
  const worse = (a: number, b: number) => logits[a]! < logits[b]! || (logits[a] === logits[b] && a > b);
  const moved = heap[parent]!;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && worse(heap[child + 1]!, heap[child]!)) child++;
    if (!worse(heap[child]!, moved)) break;
    heap[parent] = heap[child]!;
    parent = child;
  }
  heap[parent] = moved;
}
