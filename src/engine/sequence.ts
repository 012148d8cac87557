export type SequenceStatus = 'waiting' | 'running' | 'finished';

/** The tokens of one request, and how many of them the model has seen. */
export class Sequence {
  /** The prompt, then what was generated. */
  readonly tokenIds: number[];
  readonly promptLength: number;
  /** Rows of one step at most; undefined: as many as the step has room for. */
  readonly maxRows: number | undefined;
  status: SequenceStatus = 'waiting';
  /**
   * Leading positions whose keys and values are in the cache, or will be when the steps in flight have run. It may be ahead
   * of the tokens, whose latest then only the backend knows.
   */
  computed = 0;
  /** Tokens that are likely to follow: a step may compute them beside the last one, and whoever reads it drops what is wrong. */
  draft: readonly number[] = [];
  /** First position whose logits are wanted. Survives preemption, so that no position is answered twice. */
  nextOutput: number;
  /** Not to be scheduled for now: whoever reads its results is behind. */
  paused = false;
  /** Blocks of the kv cache, in order of position. */
  readonly blocks: number[] = [];

  constructor(promptTokenIds: readonly number[], nextOutput: number, maxRows?: number) {
    this.tokenIds = [...promptTokenIds];
    this.promptLength = promptTokenIds.length;
    this.nextOutput = nextOutput;
    this.maxRows = maxRows;
  }

  /** Tokens that the model has not seen. One: the sequence decodes; more: it is in prefill, or comes back from preemption. */
  get missing(): number {
    return this.tokenIds.length - this.computed;
  }

  /** Tokens that steps in flight will bring, for a sequence whose tokens are all computed. */
  get tokensInFlight(): number {
    return Math.max(0, this.computed + 1 - this.tokenIds.length);
  }

  append(tokenId: number): void {
    this.nextOutput = this.tokenIds.length;
    this.tokenIds.push(tokenId);
  }
}
