// Rotary position embedding of one head: pair i turns by the angle of its position. Su et al. 2021, arXiv:2104.09864.
// Every pair for itself: nothing is summed.

/** x [headDim] → y [headDim], not in place. cos, sin [dimensions / 2]; numbers past `dimensions` pass through. */
export function rotateHead(
  x: usize, y: usize, cos: usize, sin: usize, headDim: i32, dimensions: i32, interleaved: bool,
): void {
  const pairs = dimensions >> 1;
  const stride: usize = interleaved ? 8 : 4;
  const partner: usize = interleaved ? 4 : <usize>pairs << 2;
  let from = x;
  let to = y;
  for (let i = 0; i < pairs; i++) {
    const a = f32.load(from);
    const b = f32.load(from + partner);
    const c = f32.load(cos);
    const s = f32.load(sin);
    f32.store(to, a * c - b * s);
    f32.store(to + partner, a * s + b * c);
    from += stride;
    to += stride;
    cos += 4;
    sin += 4;
  }
  memory.copy(y + (<usize>dimensions << 2), x + (<usize>dimensions << 2), <usize>(headDim - dimensions) << 2);
}
