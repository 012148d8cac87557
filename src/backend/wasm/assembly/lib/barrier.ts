// Where threads wait until work is done, whoever did it: a thread that has lost its core holds nobody up unless it was at work.

/** Loads before a thread sleeps. Longer spins win nothing when cores are free and are ruinous when one is taken away. */
const SPINS = 2000;

/**
 * Returns when all is done.
 *
 * @param counter a word that counts what is done, 0 at first
 * @param mine what this thread has done since
 * @param all what there is to do
 */
export function waitForAll(counter: usize, mine: i32, all: i32): void {
  if (mine > 0 && atomic.add<i32>(counter, mine) + mine == all) {
    atomic.notify(counter, -1);
    return;
  }
  for (let i = 0; i < SPINS; i++) {
    if (atomic.load<i32>(counter) == all) return;
  }
  for (;;) {
    const done = atomic.load<i32>(counter);
    if (done == all) return;
    atomic.wait<i32>(counter, done, -1);
  }
}
