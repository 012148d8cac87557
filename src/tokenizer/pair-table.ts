const EMPTY = -1;

/**
 * A hash table from pairs of small numbers to small numbers, in flat arrays: merge rules by (left, right) and edges of
 * a trie by (node, code unit). A `Map` with composed keys takes five times the memory and time.
 */
export class PairTable {
  // The seed keeps a crafted file from choosing pairs that all fall into one place.
  private readonly seed = Math.floor(Math.random() * 0x7fffffff);
  private size = 0;
  private mask: number;
  /** left, right, value of each place. */
  private places: Int32Array;

  /** @param expected how many pairs will come; more are welcome, at the price of growing */
  constructor(expected = 0) {
    let capacity = 16;
    while (capacity < expected * 2) capacity *= 2;
    this.mask = capacity - 1;
    this.places = new Int32Array(capacity * 3).fill(EMPTY);
  }

  /** @returns the value, or -1 */
  get(left: number, right: number): number {
    return this.places[this.placeOf(left, right) + 2]!;
  }

  /** Sets the value of a pair; both numbers at least 0. */
  set(left: number, right: number, value: number): void {
    const place = this.placeOf(left, right);
    if (this.places[place] === EMPTY && ++this.size * 2 > this.mask) {
      this.grow();
      return this.set(left, right, value);
    }
    this.places[place] = left;
    this.places[place + 1] = right;
    this.places[place + 2] = value;
  }

  private placeOf(left: number, right: number): number {
    let hash = Math.imul(left + this.seed, 0x9e3779b1);
    hash = Math.imul((hash ^ (hash >>> 15)) + right, 0x85ebca6b);
    let place = ((hash ^ (hash >>> 13)) & this.mask) * 3;
    while (this.places[place] !== EMPTY && (this.places[place] !== left || this.places[place + 1] !== right)) {
      place += 3;
      if (place === this.places.length) place = 0;
    }
    return place;
  }

  private grow(): void {
    const old = this.places;
    this.mask = this.mask * 2 + 1;
    this.places = new Int32Array((this.mask + 1) * 3).fill(EMPTY);
    this.size = 0;
    for (let i = 0; i < old.length; i += 3) if (old[i] !== EMPTY) this.set(old[i]!, old[i + 1]!, old[i + 2]!);
  }
}
