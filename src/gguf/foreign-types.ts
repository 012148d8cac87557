/** Names of `ggml_type` numbers that realizar does not read, so that a message can name them (ggml.h, `enum ggml_type`). */
export const foreignTypeNames: ReadonlyMap<number, string> = new Map([
  [9, 'Q8_1'], [15, 'Q8_K'], [16, 'IQ2_XXS'], [17, 'IQ2_XS'], [18, 'IQ3_XXS'], [19, 'IQ1_S'], [20, 'IQ4_NL'],
  [21, 'IQ3_S'], [22, 'IQ2_S'], [23, 'IQ4_XS'], [29, 'IQ1_M'], [34, 'TQ1_0'], [35, 'TQ2_0'], [39, 'MXFP4'],
  [40, 'NVFP4'],
]); // prettier-ignore
