// Where threads wait for each other: a count and a generation, on cache lines of their own.

/** Loads before a thread sleeps. Longer spins win nothing when cores are free and are ruinous when one is taken away. */
const SPINS = 2000;

/** Returns when `threads` threads have called it. `barrier` has 128 bytes: the count, and at 64 the generation. */
export function wait(barrier: usize, threads: i32): void {
  const generation = atomic.load<i32>(barrier, 64);
  if (atomic.add<i32>(barrier, 1) == threads - 1) {
    atomic.store<i32>(barrier, 0);
    atomic.store<i32>(barrier, generation + 1, 64);
    atomic.notify(barrier + 64, -1);
    return;
  }
  for (let i = 0; i < SPINS; i++) {
    if (atomic.load<i32>(barrier, 64) != generation) return;
  }
  while (atomic.load<i32>(barrier, 64) == generation) atomic.wait<i32>(barrier + 64, generation, -1);
}
