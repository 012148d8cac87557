import { RealizarError } from '../errors.ts';

/** Their automaton takes some hundred bytes per character; nobody stops at a book. */
const MAX_STOP_CHARACTERS = 65_536;

interface Node {
  readonly next: Map<string, Node>;
  /** UTF-16 units from the root. */
  readonly depth: number;
  /** The longest proper suffix of this node's text that begins a stop string. */
  suffix: Node | undefined;
  /** The longest stop string that ends here. */
  stop: string | undefined;
}

/** A match in the text fed so far. */
export interface StopScan {
  /** Set when a stop string is complete: the one that ended first; of those that end together the longest. */
  readonly stop: string | undefined;
  /** UTF-16 units of the text just fed that were read: all of it, or up to the end of the stop string. */
  readonly read: number;
  /** How many of the latest units read may be the beginning of a stop string. */
  readonly pending: number;
}

/**
 * Finds any of many strings in a text that comes in pieces, reading each character once.
 *
 * @see Aho & Corasick 1975, "Efficient string matching: an aid to bibliographic search", CACM 18(6)
 */
export class StopStrings {
  readonly #root: Node = { next: new Map(), depth: 0, suffix: undefined, stop: undefined };
  #state: Node = this.#root;

  /** @throws RealizarError `invalid-argument` for empty, ill-formed or far too many strings */
  constructor(stops: readonly string[]) {
    const total = stops.reduce((sum, stop) => sum + stop.length, 0);
    if (total > MAX_STOP_CHARACTERS)
      throw invalid(`Stop strings have ${total} characters together; ${MAX_STOP_CHARACTERS} are allowed`);
    for (const stop of stops) {
      if (stop === '') throw invalid('A stop string is empty: it would end every answer before it begins');
      if (/\p{Surrogate}/u.test(stop))
        throw invalid('A stop string holds half a surrogate pair, which no text contains');
      this.#add(stop);
    }
    this.#linkSuffixes();
  }

  /** Reads on in the text. */
  scan(text: string): StopScan {
    for (let i = 0; i < text.length; i++) {
      this.#state = this.#step(this.#state, text[i]!);
      const { stop } = this.#state;
      if (stop !== undefined) return { stop, read: i + 1, pending: 0 };
    }
    return { stop: undefined, read: text.length, pending: this.#state.depth };
  }

  #add(stop: string): void {
    let node = this.#root;
    for (let i = 0; i < stop.length; i++) {
      let child = node.next.get(stop[i]!);
      if (!child)
        node.next.set(stop[i]!, (child = { next: new Map(), depth: i + 1, suffix: undefined, stop: undefined }));
      node = child;
    }
    node.stop = stop;
  }

  /** Breadth first, so that shorter texts are linked before longer ones. */
  #linkSuffixes(): void {
    const queue = [this.#root];
    for (const node of queue) {
      for (const [unit, child] of node.next) {
        child.suffix = node.suffix ? this.#step(node.suffix, unit) : this.#root;
        child.stop ??= child.suffix.stop;
        queue.push(child);
      }
    }
  }

  #step(from: Node, unit: string): Node {
    for (let node: Node | undefined = from; node; node = node.suffix) {
      const child = node.next.get(unit);
      if (child) return child;
    }
    return this.#root;
  }
}

const invalid = (message: string): RealizarError => new RealizarError('invalid-argument', message, { field: 'stop' });
