import { RealizarError } from '../../errors.ts';

/** A cursor over a pattern's source. */
export class PatternReader {
  at = 0;
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  get done(): boolean {
    return this.at >= this.source.length;
  }

  /** Whether the source goes on with `token`. */
  sees(token: string): boolean {
    return this.source.startsWith(token, this.at);
  }

  /** Steps over `token` if the source goes on with it. */
  accept(token: string): boolean {
    if (!this.sees(token)) return false;
    this.at += token.length;
    return true;
  }

  /** Steps over what a sticky expression finds here. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.source);
    if (found) this.at += found[0].length;
    return found ?? undefined;
  }

  /** Steps over one character. */
  codePoint(): number {
    const codePoint = this.source.codePointAt(this.at);
    if (codePoint === undefined) throw this.unsupported('ends too early');
    this.at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  unsupported(why: string): RealizarError {
    const shown = this.source.length > 300 ? `${this.source.slice(0, 300)}…` : this.source;
    return new RealizarError(
      'unsupported-tokenizer',
      `the pre-tokenizer's pattern ${JSON.stringify(shown)} ${why}, which is not supported`,
    );
  }
}
