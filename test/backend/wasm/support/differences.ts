/** The first few places where two lists of numbers differ; NaN equals NaN, and 0 equals -0. */
export function differences(actual: ArrayLike<number>, expected: ArrayLike<number>): string[] {
  if (actual.length !== expected.length) return [`${actual.length} numbers instead of ${expected.length}`];
  const found: string[] = [];
  for (let i = 0; i < expected.length && found.length < 5; i++) {
    const same = actual[i] === expected[i] || (Number.isNaN(actual[i]) && Number.isNaN(expected[i]));
    if (!same) found.push(`[${i}] ${actual[i]} instead of ${expected[i]}`);
  }
  return found;
}
