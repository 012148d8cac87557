/**
 * One stage of cutting text into pieces, between which no token can reach: hands `emit` the pieces in order.
 *
 * @param atStart whether `text` stands at the very start of what is encoded; `emit` says the same of each piece
 */
export type PreTokenizer = (text: string, atStart: boolean, emit: EmitPiece) => void;

export type EmitPiece = (piece: string, atStart: boolean) => void;

/** Each stage cuts the pieces of the one before. */
export function sequence(stages: readonly PreTokenizer[]): PreTokenizer {
  const [first, ...rest] = stages;
  if (first === undefined) return (text, atStart, emit) => emit(text, atStart);
  if (rest.length === 0) return first;
  const others = sequence(rest);
  return (text, atStart, emit) => first(text, atStart, (piece, pieceAtStart) => others(piece, pieceAtStart, emit));
}
