import { RealizarError } from '../errors.ts';

/** What a template may spend. The largest in use spend a hundredth of it on a long conversation with tools. */
const MAX_STEPS = 5_000_000;
const MAX_MILLISECONDS = 750;
/** Nested evaluations; one call of a macro takes about five. */
const MAX_DEPTH = 400;
/** UTF-16 units of any text, and of the text that any list or mapping would be written as. */
export const MAX_TEXT = 16 * 1024 * 1024;
/** Lists inside lists. */
const MAX_NESTING = 100;
export const MAX_RANGE = 100_000;

/** Filters whose result can be much longer than what they are given. */
export const GROWING_FILTERS: ReadonlySet<string> = new Set(['indent', 'join', 'replace', 'tojson']);

/** What is known of a value of the template language: just enough to see how large it is. */
export interface TemplateValue {
  readonly type: string;
  readonly value: unknown;
}

interface Extent {
  /** About the UTF-16 units it takes to write it. */
  readonly size: number;
  /** Lists inside lists. */
  readonly height: number;
  /** Whether it stays as it is: namespaces change. */
  readonly fixed: boolean;
}

const SCALAR: Extent = { size: 8, height: 0, fixed: true };

/** Counts what one rendering spends, and ends it with `template-limit` when that is too much. */
export class TemplateBudget {
  #steps = MAX_STEPS;
  #depth = 0;
  readonly #deadline = performance.now() + MAX_MILLISECONDS;
  readonly #known = new WeakMap<object, Extent>();

  enter(): void {
    if (++this.#depth > MAX_DEPTH)
      throw limit(`nests more than ${MAX_DEPTH} evaluations: it may call itself without end`);
    this.spend(1);
    if (performance.now() > this.#deadline) throw limit(`takes longer than ${MAX_MILLISECONDS} ms`);
  }

  leave(): void {
    this.#depth--;
  }

  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw limit(`takes more than ${MAX_STEPS} steps`);
  }

  /** Called before a text of up to this many UTF-16 units is made. */
  allowText(length: number): void {
    if (!(length <= MAX_TEXT)) throw limit(`makes a text or list of more than ${MAX_TEXT} characters`);
  }

  /** Called before a filter that can grow its operand. @param given its arguments, named and spread ones too */
  allowFilter(filter: string, operand: TemplateValue, given: readonly TemplateValue[]): void {
    const { size, height } = this.extentOf(operand);
    const longest = Math.max(0, ...given.map((value) => this.#scaleOf(value)));
    if (typeof operand.value === 'string' && filter === 'replace') return this.allowReplacement(operand.value, given);
    if (filter === 'tojson') return this.allowText(size * (1 + longest * height));
    const parts = filter === 'indent' ? String(operand.value).split('\n') : operand.value;
    this.allowText(size + (Array.isArray(parts) ? parts.length : size) * longest);
  }

  /** Called before a text is replaced by another in `text`. */
  allowReplacement(text: string, given: readonly TemplateValue[]): void {
    const [old, replacement] = given;
    const known = typeof old?.value === 'string' && typeof replacement?.value === 'string' && old.value !== '';
    const occurrences = known ? text.split(old.value).length - 1 : text.length + 1;
    const longest = Math.max(0, ...given.map((value) => this.#scaleOf(value, false)));
    this.allowText(text.length + occurrences * longest);
  }

  /** By how much a value can lengthen a text: a text by its length, a number by itself, a list by its greatest item. */
  #scaleOf({ type, value }: TemplateValue, numbers = true): number {
    if (typeof value === 'number') return numbers ? Math.max(0, value) : 0;
    if (typeof value === 'string') return value.length;
    if (!(Array.isArray(value) || value instanceof Map) || type === 'NamespaceValue') return 0;
    let most = 0;
    for (const item of value.values() as Iterable<TemplateValue>) most = Math.max(most, this.#scaleOf(item, numbers));
    return most;
  }

  /** Refuses a value too large to be written. Lists share their items, so a small one can be written at endless length. */
  check(value: TemplateValue): void {
    this.allowText(this.extentOf(value).size);
  }

  extentOf(value: TemplateValue, nesting = 0): Extent {
    if (typeof value.value === 'string') return { size: value.value.length + 2, height: 0, fixed: true };
    if (!(Array.isArray(value.value) || value.value instanceof Map)) return SCALAR;
    const known = this.#known.get(value);
    if (known) return known;

    this.spend(1);
    if (nesting > MAX_NESTING) throw limit(`nests lists more than ${MAX_NESTING} deep`);
    let [size, height, fixed] = [2, 0, value.type !== 'NamespaceValue'];
    for (const [key, item] of value.value.entries() as Iterable<[string | number, TemplateValue]>) {
      const extent = this.extentOf(item, nesting + 1);
      size += extent.size + (typeof key === 'string' ? key.length + 6 : 2);
      height = Math.max(height, extent.height);
      fixed &&= extent.fixed;
      this.allowText(size);
    }
    const extent = { size, height: height + 1, fixed };
    if (fixed) this.#known.set(value, extent);
    return extent;
  }
}

export const limit = (what: string): RealizarError =>
  new RealizarError('template-limit', `The chat template ${what}`, { field: 'chat_template' });
