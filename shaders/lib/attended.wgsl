// Attention over a part of the positions, and over two parts together. Milakov and Gimelshein 2018, arXiv:1805.02867.
// A part is CHUNK positions from a multiple of CHUNK on: scores and sums of a chunk in order, chunks merged in order, in every
// kernel. So a row has the same bits however its positions are spread over workgroups.
const CHUNK = 64u;
/** Less than any score: the largest of none. */
const LOWEST = -3.0e38;

/** `largest` score, `sum` of exp(score - largest), and two numbers of the values' sum under these weights. */
struct Attended { largest: f32, sum: f32, value: vec2f }

fn merged(a: Attended, b: Attended) -> Attended {
  let largest = max(a.largest, b.largest);
  let scale_a = exp(a.largest - largest);
  let scale_b = exp(b.largest - largest);
  return Attended(largest, fma(a.sum, scale_a, b.sum * scale_b), fma(a.value, vec2f(scale_a), b.value * scale_b));
}

fn first_visible(position: u32) -> u32 {
  return select(0u, position + 1u - shape.window, shape.window > 0u && position + 1u > shape.window);
}
