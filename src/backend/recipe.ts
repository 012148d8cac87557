/** Whether two steps are recorded alike, as far as `Backend.step` is told: item by item. */
export const isSameRecipe = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i]);
