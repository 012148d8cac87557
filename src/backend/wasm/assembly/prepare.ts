// RMS norm, where there is one, and then the form that matrix products read. A chunk is some tokens; or, where tokens are
// few, every thread prepares them all for itself: that costs less than waiting for each other.
import { PrepareArguments } from './lib/structs';
import { prepare_tokens } from './linear';
import { rmsNorm } from './rms-norm';

export function prepare(args: usize, chunk: i32, thread: i32): void {
  const a = changetype<PrepareArguments>(args);
  const alone = a.tokensPerChunk == 0;
  const out = alone ? a.out + <usize>thread * a.outThreadBytes : a.out;
  const first = alone ? 0 : chunk * a.tokensPerChunk;
  const count = alone ? a.tokens : min<i32>(a.tokensPerChunk, a.tokens - first);
  if (a.norm == 0) return prepare_tokens(a.form, a.x, a.columns, a.columns, a.tokens, first, count, out);

  const rowBytes = <usize>a.columns << 2;
  const normed = a.rowScratch + <usize>thread * rowBytes;
  for (let token = first; token < first + count; token++) {
    rmsNorm(a.x + <usize>token * rowBytes, a.norm, normed, a.columns, a.normEps);
    prepare_tokens(a.form, normed, 0, a.columns, a.tokens, token, 1, out);
  }
}
