// The end of every kernel: 8 sums of one token go to y, and never beyond the last real row.

/** y[0..rows) = sums + bias, or += where `accumulate`. `bias` is this group's, or 0. */
export function store_rows(y: usize, sums: usize, rows: i32, bias: usize, accumulate: i32): void {
  if (rows < 8) return store_some_rows(y, sums, rows, bias, accumulate);
  let low = v128.load(sums);
  let high = v128.load(sums, 16);
  if (bias) {
    low = f32x4.add(low, v128.load(bias));
    high = f32x4.add(high, v128.load(bias, 16));
  }
  if (accumulate) {
    low = f32x4.add(low, v128.load(y));
    high = f32x4.add(high, v128.load(y, 16));
  }
  v128.store(y, low);
  v128.store(y, high, 16);
}

function store_some_rows(y: usize, sums: usize, rows: i32, bias: usize, accumulate: i32): void {
  for (const end = y + (<usize>rows << 2); y < end; y += 4) {
    let value = load<f32>(sums);
    if (bias) value += load<f32>(bias);
    if (accumulate) value += load<f32>(y);
    store<f32>(y, value);
    sums += 4;
    if (bias) bias += 4;
  }
}
