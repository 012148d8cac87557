// Inverse root mean square of a row of `x`, for kernels of any WORKGROUP up to 256 with the same bits: 256 lanes of squares,
// sixteen sums of sixteen lanes, one sum.
const NORM_LANES = 256u;
const NORM_EPS = f32({{NORM_EPS}});

var<workgroup> squares: array<f32, NORM_LANES>;
var<workgroup> square_sums: array<f32, 16>;

/** `first`: where the row begins in `x`, in vec4f. Called by the whole workgroup. */
fn inverse_rms(first: u32, local: u32) -> f32 {
  for (var lane = local; lane < NORM_LANES; lane += WORKGROUP) {
    var sum = vec4f(0.0);
    for (var i = lane; i < INPUTS / 4u; i += NORM_LANES) {
      let v = x[first + i];
      sum = fma(v, v, sum);
    }
    squares[lane] = (sum.x + sum.y) + (sum.z + sum.w);
  }
  workgroupBarrier();
  if (local < 16u) {
    var sum = 0.0;
    for (var i = 0u; i < 16u; i++) { sum += squares[i * 16u + local]; }
    square_sums[local] = sum;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < 16u; i++) { total += square_sums[i]; }
  return inverseSqrt(total / f32(INPUTS) + NORM_EPS);
}
