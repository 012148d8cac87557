// y = x Wᵀ + b, or y += x Wᵀ + b. A chunk is some groups of 8 rows of W, for all tokens.
import { LinearArguments } from './lib/structs';
import { linear_groups } from './linear';

export function linear(args: usize, chunk: i32, thread: i32): void {
  const a = changetype<LinearArguments>(args);
  const first = chunk * a.groupsPerChunk;
  const groups = min<i32>(a.groupsPerChunk, ((a.rows + 7) >> 3) - first);
  const prepared = a.prepared + <usize>thread * a.preparedThreadBytes;
  linear_groups(
    a.layout, a.weight, a.rows, a.columns, first, groups, prepared, a.tokens, a.y, a.rows, a.bias, a.accumulate,
  );
}
