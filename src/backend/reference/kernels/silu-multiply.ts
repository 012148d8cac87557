/** gate[i] = silu(gate[i]) · up[i], in place; silu(g) = g / (1 + e⁻ᵍ). Shazeer 2020, arXiv:2002.05202. */
export function siluMultiply(gate: Float32Array, up: Float32Array): void {
  for (let i = 0; i < gate.length; i++) gate[i] = (gate[i]! / (1 + Math.exp(-gate[i]!))) * up[i]!;
}
