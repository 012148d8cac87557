// x[t] = table[tokenIds[t]]. A chunk is one token.
import { EmbedArguments } from './lib/structs';
import { dequantize_row } from './linear';

export function embed(args: usize, token: i32): void {
  const a = changetype<EmbedArguments>(args);
  const row = a.chosen != 0 ? load<i32>(a.chosen + (<usize>token << 2)) : -1;
  const id =
    row < 0 ? load<i32>(a.tokenIds + (<usize>token << 2)) : <i32>f32.load(a.best + (<usize>(row * a.bestColumns) << 2));
  dequantize_row(a.layout, a.table, a.rows, a.columns, id, a.out + <usize>token * (<usize>a.columns << 2));
}
