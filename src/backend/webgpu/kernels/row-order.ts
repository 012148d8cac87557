/** Activations and weights meet in blocks of so many. */
export const BLOCK = 32;

/**
 * In which order the blocks of a row are added: unit `u` of `unit` neighbouring blocks belongs to lane u mod `lanes`; a lane adds
 * its blocks in order, then the lanes are added in order.
 */
export interface RowOrder {
  readonly lanes: number;
  readonly unit: number;
}

// Two neighbouring 4-bit blocks are the 32 bytes that memory delivers at least.
const BLOCKS_FOR_PAIRS = 64;
/** Share of the lanes' steps that has to be work. */
const LEAST_USE = 0.7;

/** Fixed by the shape alone, so that every kernel, batch and device variant has the same bits. */
export function rowOrder(inputs: number): RowOrder {
  const blocks = Math.ceil(inputs / BLOCK);
  const unit = blocks % 2 === 0 && blocks >= BLOCKS_FOR_PAIRS ? 2 : 1;
  const units = blocks / unit;
  const use = (lanes: number) => units / (Math.ceil(units / lanes) * lanes);
  const lanes = [32, 16, 8, 4, 2, 1].find((count) => use(count) >= LEAST_USE)!;
  return { lanes, unit };
}
