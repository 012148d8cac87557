// One weight of any format and shape: `weight_values(row, b)` are its elements 32b to 32b + 31 of a row.
//
//   binding 1   the weight's planes

// Shapes are numbers of the dispatch here, so that one compiled kernel serves all matrices of a format.
var<private> BLOCKS: u32 = 0u;
var<private> weight_PLANE1: u32 = 0u;
var<private> weight_PLANE2: u32 = 0u;
var<private> weight_PLANE3: u32 = 0u;

@group(0) @binding(1) var<storage, read> weight: array<vec4u>;
#include "dtype/{{DTYPE}}" with W=weight PLANES=weight

/** `planes`: blocks in a row, then where planes 1 to 3 begin. */
fn use_weight(planes: vec4u) {
  BLOCKS = planes.x;
  weight_PLANE1 = planes.y;
  weight_PLANE2 = planes.z;
  weight_PLANE3 = planes.w;
}
