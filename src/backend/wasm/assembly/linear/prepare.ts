// Activations, f32, to the form a kernel reads.

import { tile_size, tile_start } from './forms';

export function prepared_token_bytes(form: i32, columns: i32): usize {
  return <usize>columns * 4;
}

export function prepare_token(form: i32, x: usize, columns: i32, tokens: i32, token: i32, out: usize): void {
  const start = tile_start(tokens, token);
  const tile = out + <usize>start * prepared_token_bytes(form, columns);
  const step = <usize>tile_size(tokens, start) * 4;
  prepare_floats(x, columns, tile + <usize>(token - start) * 4, step);
}

function prepare_floats(x: usize, columns: i32, out: usize, step: usize): void {
  for (let column = 0; column < columns; column++) {
    store<f32>(out, load<f32>(x));
    x += 4;
    out += step;
  }
}
