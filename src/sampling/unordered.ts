/** Below this libstdc++ leaves a part to insertion sort, which moves nothing where nothing is less. */
const SMALL_PART = 16;

/**
 * The order in which libstdc++'s `std::sort` leaves 0 … size-1 when no item is less than another: quicksort swaps
 * the middle to the front, reverses the rest, and goes on with both halves.
 *
 * llama.cpp's `typical` sorts by NaN where a token is masked, and this order decides there which tokens are kept.
 */
export function unordered(size: number): Int32Array {
  const places = Int32Array.from({ length: size }, (_, i) => i);
  partition(places);
  return places;
}

function partition(part: Int32Array): void {
  if (part.length <= SMALL_PART) return;
  const middle = part.length >> 1;
  [part[0], part[middle]] = [part[middle]!, part[0]!];
  part.subarray(1).reverse();

  const cut = 1 + ((part.length - 1) >> 1);
  partition(part.subarray(0, cut));
  partition(part.subarray(cut));
}
