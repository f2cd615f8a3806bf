/** Several edits of one text, told as one: splice lists that follow each other become splices of the first text. */
import type { Splice } from '../editors/outcome.ts';

/** A run of the text: taken over from the original, or put in. */
type Piece = { readonly from: number; readonly to: number } | { readonly text: string };

/**
 * @param length of the original text, in UTF-16 units
 * @param steps each list ordered and free of overlaps, against the text that the list before it left
 * @returns splices of the original, ordered; insertions that came one by one stay apart, so that each can be
 *   found again on its own
 */
export function composeSplices(length: number, steps: readonly (readonly Splice[])[]): Splice[] {
  let pieces: Piece[] = [{ from: 0, to: length }];
  for (const step of steps) pieces = applyStep(pieces, step);
  return toSplices(pieces, length);
}

function applyStep(pieces: readonly Piece[], step: readonly Splice[]): Piece[] {
  const out: Piece[] = [];
  const rest = [...pieces];
  let at = 0;
  const advance = (until: number, sink: Piece[] | undefined): void => {
    while (at < until) {
      const piece = rest.shift();
      if (piece === undefined) throw new RangeError(`a splice at ${until} lies behind the end of the text`);
      const [head, tail] = cut(piece, until - at);
      if (tail) rest.unshift(tail);
      sink?.push(head);
      at += sizeOf(head);
    }
  };
  for (const splice of step) {
    advance(splice.start, out);
    advance(splice.end, undefined);
    if (splice.text !== '') out.push({ text: splice.text });
  }
  return [...out, ...rest];
}

function sizeOf(piece: Piece): number {
  return 'text' in piece ? piece.text.length : piece.to - piece.from;
}

function cut(piece: Piece, size: number): [Piece, Piece?] {
  if (sizeOf(piece) <= size) return [piece];
  if ('text' in piece) return [{ text: piece.text.slice(0, size) }, { text: piece.text.slice(size) }];
  return [
    { from: piece.from, to: piece.from + size },
    { from: piece.from + size, to: piece.to },
  ];
}

function toSplices(pieces: readonly Piece[], length: number): Splice[] {
  const splices: Splice[] = [];
  let at = 0;
  let inserted: string[] = [];
  const close = (until: number): void => {
    if (inserted.length === 0 && until > at) inserted.push('');
    // What was taken out goes with the last insertion, so that the starts keep rising.
    inserted.forEach((text, i) => {
      splices.push({ start: at, end: i === inserted.length - 1 ? until : at, text });
    });
    inserted = [];
  };
  for (const piece of pieces) {
    if ('text' in piece) {
      inserted.push(piece.text);
    } else if (sizeOf(piece) > 0) {
      close(piece.from);
      at = piece.to;
    }
  }
  close(length);
  return splices;
}
