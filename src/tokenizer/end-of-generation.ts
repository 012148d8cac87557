/** How models of many families spell "the answer ends here". */
const NAMES = [
  '<|eot_id|>', '<|eom_id|>', '<|im_end|>', '<|end|>', '<|return|>', '<|call|>', '<|endoftext|>', '<|end_of_text|>', '<|EOT|>', '<EOT>', '_<EOT>',
  '[EOT]', '[EOS]', '<eos>', '</s>', '<end_of_turn>', '<turn|>', '<end_of_utterance>', '<|eot|>', '<|eom|>', '<｜end▁of▁sentence｜>', '<|END_OF_TURN_TOKEN|>',
]; // prettier-ignore

/** The ids of the control tokens that end an answer, whatever else the metadata names. */
export function endOfGenerationIds(
  idOf: (token: string) => number | undefined,
  isControl: (id: number) => boolean,
): number[] {
  return NAMES.flatMap((name) => idOf(name) ?? []).filter(isControl);
}
