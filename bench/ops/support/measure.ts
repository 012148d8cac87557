import { measure as sample } from 'mitata';

/** Seconds of one call: the best and the median of many, after a warm-up. */
export async function measure(call: () => void): Promise<{ readonly best: number; readonly median: number }> {
  const { min, p50 } = await sample(call);
  return { best: min / 1e9, median: p50 / 1e9 };
}
