/** Seconds of one call: the best and the median of as many calls as fit into `budget` seconds, after a warm-up. */
export function measure(call: () => void, budget = 0.6): { readonly best: number; readonly median: number } {
  const warm = performance.now() + 150;
  do call();
  while (performance.now() < warm);
  const samples: number[] = [];
  const until = performance.now() + budget * 1000;
  while (samples.length < 3 || performance.now() < until) {
    const start = performance.now();
    call();
    samples.push((performance.now() - start) / 1000);
  }
  samples.sort((a, b) => a - b);
  return { best: samples[0]!, median: samples[samples.length >> 1]! };
}
