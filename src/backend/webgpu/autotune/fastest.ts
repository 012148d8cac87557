/** Times vary by that much from run to run: what is better by less is not better. */
const MARGIN = 0.03;
/** Rounds in which every candidate has its turn: a disturbance hits one of them, not all. */
const ROUNDS = 3;
/** What takes that many times as long as the best is not asked again. */
const HOPELESS = 1.25;

/**
 * The fastest of some candidates, by the least of their times: whatever disturbs a measurement makes it longer. The first is what is
 * used so far; it stays unless another is clearly faster.
 *
 * @param time milliseconds of one run
 * @param isOver asked after each round: whether to be content with what is known
 */
export async function fastest<Candidate>(
  candidates: readonly Candidate[],
  time: (candidate: Candidate) => Promise<number>,
  isOver: () => boolean = () => false,
): Promise<Candidate> {
  const [first] = candidates as readonly [Candidate];
  const best = new Map<Candidate, number>();
  const least = () => Math.min(...best.values());
  const timeOf = (candidate: Candidate) => best.get(candidate) ?? Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const bar = round === 0 ? Infinity : HOPELESS * least();
    const hopeful = candidates.filter((candidate) => candidate === first || round === 0 || timeOf(candidate) <= bar);
    if (hopeful.length < 2) break;
    for (const candidate of hopeful) best.set(candidate, Math.min(timeOf(candidate), await time(candidate)));
    if (isOver()) break;
  }
  const winner = candidates.find((candidate) => timeOf(candidate) === least()) ?? first;
  return least() < (1 - MARGIN) * timeOf(first) ? winner : first;
}
