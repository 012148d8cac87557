export type NormalForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

// Texts of people have at most a dozen marks on one letter.
const LONG_RUN = /\p{M}{128,}/gu;
// Marks of the lowest and the highest combining class.
const LOWEST = '\u0334';
const HIGHEST = '\u0345';

/**
 * `text.normalize(form)`, in linear time for any text.
 *
 * Engines put marks in canonical order by insertion, which takes hours for a megabyte of marks in the wrong order. So
 * long runs of marks are put in order before.
 */
export function normalForm(text: string, form: NormalForm): string {
  return text.replace(LONG_RUN, inCanonicalOrder).normalize(form);
}

/** Stable sort by combining class between marks of class 0. @see https://unicode.org/reports/tr15/ */
function inCanonicalOrder(marks: string): string {
  const characters = Array.from(marks).flatMap((mark) => Array.from(mark.normalize('NFD')));
  const rankOf = ranksByClass([...new Set(characters)]);
  const ordered: string[] = [];
  let buckets: string[][] = [];
  const flush = (): void => {
    for (const bucket of buckets) for (const character of bucket ?? []) ordered.push(character);
    buckets = [];
  };
  for (const character of characters) {
    const rank = rankOf.get(character);
    if (rank === undefined) {
      flush();
      ordered.push(character);
    } else (buckets[rank] ??= []).push(character);
  }
  flush();
  return ordered.join('');
}

/** The order of the marks by class, from how normalisation orders pairs of them; marks of class 0 have no rank. */
function ranksByClass(marks: readonly string[]): ReadonlyMap<string, number> {
  const swaps = (first: string, second: string): boolean => (first + second).normalize('NFD') !== first + second;
  const ordered = marks
    .filter((mark) => swaps(HIGHEST, mark) || swaps(mark, LOWEST))
    .sort((a, b) => Number(swaps(a, b)) - Number(swaps(b, a)));
  const ranks = new Map<string, number>();
  let rank = 0;
  ordered.forEach((mark, index) => {
    if (index > 0 && swaps(mark, ordered[index - 1]!) !== swaps(ordered[index - 1]!, mark)) rank++;
    ranks.set(mark, rank);
  });
  return ranks;
}
