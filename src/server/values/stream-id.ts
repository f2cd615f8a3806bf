// Entry ids of streams: two unsigned 64-bit numbers, read and printed as `<ms>-<seq>`.
//
// A half is a number while that is exact and a bigint beyond, never the other way round: so `===` and `<` compare halves
// of either kind, and nobody pays for big numbers who does not use them.

/** An unsigned 64-bit number. */
export type Word = number | bigint;

export interface StreamId {
  readonly ms: Word;
  readonly seq: Word;
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
export const WORD_MAX: Word = 2n ** 64n - 1n;
export const MIN_ID: StreamId = { ms: 0, seq: 0 };
export const MAX_ID: StreamId = { ms: WORD_MAX, seq: WORD_MAX };

/** The form that a 64-bit number has here. */
export function toWord(value: bigint): Word {
  return value <= SAFE && value >= -SAFE ? Number(value) : value;
}

export function plus(a: Word, b: Word): Word {
  if (typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(a + b)) return a + b;
  return toWord(BigInt(a) + BigInt(b));
}

/** One more delivery; the counter is a signed word and wraps as C's does. */
export function countUp(count: Word): Word {
  const next = plus(count, 1);
  return typeof next === 'number' ? next : toWord(BigInt.asIntN(64, next));
}

export function compareIds(a: StreamId, b: StreamId): number {
  return compareHalves(a.ms, a.seq, b.ms, b.seq);
}

export function compareHalves(aMs: Word, aSeq: Word, bMs: Word, bSeq: Word): number {
  if (aMs !== bMs) return aMs < bMs ? -1 : 1;
  return aSeq === bSeq ? 0 : aSeq < bSeq ? -1 : 1;
}

export function isZero(id: StreamId): boolean {
  return id.ms === 0 && id.seq === 0;
}

/** The id right behind this one; undefined behind the last there is. */
export function idAfter({ ms, seq }: StreamId): StreamId | undefined {
  if (seq !== WORD_MAX) return { ms, seq: plus(seq, 1) };
  return ms === WORD_MAX ? undefined : { ms: plus(ms, 1), seq: 0 };
}

/** The id right before this one; undefined before the first there is. */
export function idBefore({ ms, seq }: StreamId): StreamId | undefined {
  if (seq !== 0) return { ms, seq: plus(seq, -1) };
  return ms === 0 ? undefined : { ms: plus(ms, -1), seq: WORD_MAX };
}

let lastMs: Word = 0;
let lastText = '0';

export function textOfId(ms: Word, seq: Word): string {
  // Neighbours share their milliseconds, or nearly.
  if (ms !== lastMs) {
    lastMs = ms;
    lastText = String(ms);
  }
  return `${lastText}-${seq}`;
}

export function idText(id: StreamId): string {
  return textOfId(id.ms, id.seq);
}

/** Redis reads ids in a buffer of this size, as a C string. */
const LONGEST = 127;
const PLAIN = /^(\d{1,15})-(\d{1,15})$/;

/**
 * An id as commands take it; undefined when it is none. Without its second half that is `missingSeq`. Unless `strict`,
 * `-` and `+` are the first and last id there are.
 */
export function parseId(text: string, missingSeq: Word, strict: boolean): StreamId | undefined {
  const plain = PLAIN.exec(text);
  if (plain !== null) return { ms: Number(plain[1]), seq: Number(plain[2]) };
  if (text === '-') return strict ? undefined : MIN_ID;
  if (text === '+') return strict ? undefined : MAX_ID;
  const [ms, seq] = splitId(text) ?? [];
  const first = ms === undefined ? undefined : parseWord(ms);
  const second = seq === undefined ? missingSeq : parseWord(seq);
  return first === undefined || second === undefined ? undefined : { ms: first, seq: second };
}

/** The first half of `<ms>-*`; undefined when the text is something else. */
export function parseOpenId(text: string): Word | undefined {
  const [ms, seq] = splitId(text) ?? [];
  return ms === undefined || seq !== '*' ? undefined : parseWord(ms);
}

function splitId(text: string): [ms: string, seq: string | undefined] | undefined {
  if (text.length > LONGEST) return undefined;
  const end = text.indexOf('\0');
  const read = end < 0 ? text : text.slice(0, end);
  const dash = read.indexOf('-');
  return dash < 0 ? [read, undefined] : [read.slice(0, dash), read.slice(dash + 1)];
}

const CANONICAL = /^(?:0|-?[1-9]\d*)$/;
const LOOSE = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/;

/** As Redis reads it: a canonical integer, or else what C's strtoull takes, which includes a sign that wraps around. */
function parseWord(text: string): Word | undefined {
  if (CANONICAL.test(text) && text.length <= 19) {
    const value = BigInt(text);
    if (value < 2n ** 63n && value >= -(2n ** 63n)) return value < 0n ? undefined : toWord(value);
  }
  const loose = LOOSE.exec(text);
  if (loose === null) return undefined;
  const size = BigInt(loose[2]!);
  if (size > (WORD_MAX as bigint)) return undefined;
  if (loose[1] === '-' && CANONICAL.test(text) && size <= 2n ** 63n) return undefined;
  return toWord(loose[1] === '-' ? BigInt.asUintN(64, -size) : size);
}
