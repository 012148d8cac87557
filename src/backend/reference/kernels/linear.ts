/**
 * y[t, n] = Σₖ x[t, k] · weight[n, k] + bias[n]
 *
 * Every sum runs from left to right in float64. Four rows of the weight meet two tokens at a time, so that eight
 * independent sums keep the processor busy and a number once loaded is used again. A tile that sticks out repeats the
 * last row or token: the same number is then written twice.
 *
 * @param x [tokens, inputs]
 * @param weight [outputs, inputs]
 * @param bias [outputs]
 * @returns [tokens, outputs]
 */
export function linear(x: Float32Array, weight: Float32Array, inputs: number, bias?: Float32Array): Float32Array {
  const tokens = x.length / inputs;
  const outputs = weight.length / inputs;
  const y = new Float32Array(tokens * outputs);
  const wide = new Float64Array(x); // widened once instead of at every use

  for (let n = 0; n < outputs; n += 4) {
    const n1 = Math.min(n + 1, outputs - 1);
    const n2 = Math.min(n + 2, outputs - 1);
    const n3 = Math.min(n + 3, outputs - 1);
    const row0 = n * inputs;
    const row1 = n1 * inputs;
    const row2 = n2 * inputs;
    const row3 = n3 * inputs;

    for (let t = 0; t < tokens; t += 2) {
      const t1 = Math.min(t + 1, tokens - 1);
      const token0 = t * inputs;
      const token1 = t1 * inputs;
      let a0 = bias ? bias[n]! : 0;
      let a1 = bias ? bias[n1]! : 0;
      let a2 = bias ? bias[n2]! : 0;
      let a3 = bias ? bias[n3]! : 0;
      let b0 = a0;
      let b1 = a1;
      let b2 = a2;
      let b3 = a3;
      for (let k = 0; k < inputs; k++) {
        const a = wide[token0 + k]!;
        const b = wide[token1 + k]!;
        const w0 = weight[row0 + k]!;
        const w1 = weight[row1 + k]!;
        const w2 = weight[row2 + k]!;
        const w3 = weight[row3 + k]!;
        a0 += a * w0;
        a1 += a * w1;
        a2 += a * w2;
        a3 += a * w3;
        b0 += b * w0;
        b1 += b * w1;
        b2 += b * w2;
        b3 += b * w3;
      }
      y[t * outputs + n] = a0;
      y[t * outputs + n1] = a1;
      y[t * outputs + n2] = a2;
      y[t * outputs + n3] = a3;
      y[t1 * outputs + n] = b0;
      y[t1 * outputs + n1] = b1;
      y[t1 * outputs + n2] = b2;
      y[t1 * outputs + n3] = b3;
    }
  }
  return y;
}
