/** What was put into a text, recorded so that it can be found again after the text has changed around it. */
import type { Splice } from '../editors/outcome.ts';
import { positionOf } from '../editors/text.ts';
import { hashOf } from './change.ts';

export interface Span {
  /** Offset in the text before the edit, in UTF-16 units. */
  readonly start: number;
  /** What gave way. Mostly empty. */
  readonly removed: string;
  /** What was put in. */
  readonly text: string;
  /** What stood in front of it, and behind it, once the edit was made. */
  readonly contextBefore: string;
  readonly contextAfter: string;
}

/** A span whose text may not be told. */
export interface SecretSpan {
  /** Offset in the text before the edit, in UTF-16 units. */
  readonly start: number;
  /** Of the text put in, in UTF-16 units. */
  readonly length: number;
  /** SHA-256 of the text put in. */
  readonly digest: string;
}

export type Found =
  /** `end > start` unless the span took something out without putting anything in. */
  | { readonly state: 'found'; readonly start: number; readonly end: number }
  /** 1-based line of what looks like it. */
  | { readonly state: 'edited'; readonly line: number }
  | { readonly state: 'gone' };

/** Enough to tell one place of a file from another, little enough to read in a ledger. */
const CONTEXT = 60;

export function recordSpans(before: string, after: string, splices: readonly Splice[]): Span[] {
  let shift = 0;
  return splices.map(({ start, end, text }) => {
    const at = start + shift;
    shift += text.length - (end - start);
    return {
      start,
      removed: before.slice(start, end),
      text,
      contextBefore: after.slice(Math.max(0, at - CONTEXT), at),
      contextAfter: after.slice(at + text.length, at + text.length + CONTEXT),
    };
  });
}

export function digestSpans(splices: readonly Splice[]): SecretSpan[] {
  return splices.map(({ start, text }) => ({ start, length: text.length, digest: hashOf(Buffer.from(text)) }));
}

/** Splices that take the spans out of the very text they were put into. */
export function invertSpans(spans: readonly Span[]): Splice[] {
  let shift = 0;
  return spans.map(({ start, removed, text }) => {
    const at = start + shift;
    shift += text.length - removed.length;
    return { start: at, end: at + text.length, text: removed };
  });
}

/**
 * Find spans in a text that has changed since: by their text and both neighbours, else by one neighbour, else by
 * their text alone where it occurs once.
 * @param code true for a language where a line may go on behind its end, as JavaScript does
 */
export function findSpans(text: string, spans: readonly Span[], options: { readonly code: boolean }): Found[] {
  const inverse = invertSpans(spans);
  let drift = 0;
  return spans.map((span, i) => {
    const expected = inverse[i]!.start;
    const found = findSpan(text, span, expected + drift, options.code);
    if (found.state === 'found') drift = found.start - expected;
    return found;
  });
}

/** Find what was put into an env file: at a line's start or end or behind its first blanks, where its digest matches. */
export function findSecretSpans(text: string, spans: readonly SecretSpan[]): (Splice | undefined)[] {
  const places = [...text.matchAll(/^|$/gm), { index: text.length }].map(({ index }) => index);
  // `$` stands behind the CR of a CRLF: an edit may have begun in front of it.
  places.push(...[...text.matchAll(/\r\n/g)].map(({ index }) => index));
  // A last line of blanks was gone on with.
  places.push(...[...text.matchAll(/^[ \t]+/gm)].map(([blanks], i, all) => all[i]!.index + blanks.length));
  let drift = 0;
  return spans.map(({ start, length, digest }) => {
    const nearest = places.toSorted((a, b) => Math.abs(a - start - drift) - Math.abs(b - start - drift));
    const at = nearest.find((place) => hashOf(Buffer.from(text.slice(place, place + length))) === digest);
    if (at === undefined) return undefined;
    drift += length;
    return { start: keepLineEnd(text, at, at + length), end: at + length, text: '' };
  });
}

/** The span with the line ends of a text that was converted since. */
export function withLineEndsOf(text: string, span: Span): Span {
  const crlf = text.includes('\r\n');
  if (crlf && /(?<!\r)\n/.test(text)) return span;
  const convert = (part: string): string => part.replaceAll(/\r?\n/g, crlf ? '\r\n' : '\n');
  return {
    start: span.start,
    removed: convert(span.removed),
    text: convert(span.text),
    contextBefore: convert(span.contextBefore),
    contextAfter: convert(span.contextAfter),
  };
}

/** True for spans such as a comma, which only mean something together with others. */
export function isPunctuation(span: Span): boolean {
  return !/\w/.test(span.text);
}

interface Candidate {
  readonly start: number;
  /** 2: both neighbours are as they were; 1: one of them; 0: none. */
  readonly neighbours: number;
}

function findSpan(text: string, recorded: Span, expected: number, code: boolean): Found {
  const span = text.includes(recorded.text) ? recorded : withLineEndsOf(text, recorded);
  const needle = span.text === '' ? span.contextBefore + span.contextAfter : span.text;
  const lead = span.text === '' ? span.contextBefore.length : 0;
  const candidates = occurrences(text, needle)
    .map((at): Candidate => ({ start: at + lead, neighbours: neighboursAt(text, span, at + lead) }))
    .filter(({ start }) => span.text === '' || standsAlone(text, span, start, code));
  const best = Math.max(-1, ...candidates.map(({ neighbours }) => neighbours));
  const equal = candidates.filter(({ neighbours }) => neighbours === best);
  const clear = best === 2 || equal.length === 1;
  if (equal.length > 0 && clear && (best > 0 || !isPunctuation(span))) {
    const { start } = equal.toSorted((a, b) => Math.abs(a.start - expected) - Math.abs(b.start - expected))[0]!;
    const end = start + span.text.length;
    return { state: 'found', start: span.contextAfter === '' ? keepLineEnd(text, start, end) : start, end };
  }
  const line = lineOfSimilar(text, span);
  return line === undefined ? { state: 'gone' } : { state: 'edited', line };
}

function occurrences(text: string, needle: string): number[] {
  const found: number[] = [];
  if (needle === '') return found;
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) found.push(at);
  return found;
}

function neighboursAt(text: string, span: Span, start: number): number {
  const end = start + span.text.length;
  const before = text.slice(0, start).endsWith(span.contextBefore);
  const after = text.startsWith(span.contextAfter, end) && (span.contextAfter !== '' || end === text.length);
  return Number(before) + Number(after);
}

/**
 * False where the span's text goes on into something that was not there: `z.string()` inside of
 * `z.string().url()`, `PORT=63` inside of `PORT=6379`.
 */
function standsAlone(text: string, span: Span, start: number, code: boolean): boolean {
  const end = start + span.text.length;
  const before = text[start - 1] ?? '\n';
  if (/\w/.test(before) && /\w/.test(span.text[0]!) && before !== span.contextBefore.at(-1)) return false;
  const after = text[end] ?? '\n';
  const last = span.text.at(-1)!;
  if (!/[\s,;{[(]/.test(last) && after !== (span.contextAfter[0] ?? '\n') && !/[\s,;)\]}]/.test(after)) return false;
  if (!code || /[,;{[(]\s*$/.test(span.text)) return true;
  const next = firstSign(text.slice(end, end + 200));
  return (
    next === firstSign(span.contextAfter) || !/[.?(+\-*/%|&<>=`:[]/.test(next) || /^\s*\/[/*]/.test(text.slice(end))
  );
}

/**
 * What was put behind a last line without an end brought that line its end. Once more follows, the end stays.
 * @returns where to begin taking out
 */
function keepLineEnd(text: string, start: number, end: number): number {
  const lead = /^\r?\n/.exec(text.slice(start, start + 2))?.[0].length ?? 0;
  const midLine = start > 0 && text[start - 1] !== '\n';
  return lead > 0 && midLine && end < text.length && text[end - 1] === '\n' ? start + lead : start;
}

function firstSign(text: string): string {
  return /\S/.exec(text)?.[0] ?? '';
}

/** 1-based line that holds the most telling word of the span. */
function lineOfSimilar(text: string, span: Span): number | undefined {
  const words = [...new Set(span.text.match(/[A-Za-z_][\w-]{2,}/g))];
  const lines = span.text.split('\n').map((line) => line.trim());
  for (const part of [...lines.filter((line) => /\w/.test(line)), ...words.toSorted((a, b) => b.length - a.length)]) {
    const at = text.indexOf(part);
    if (at !== -1) return positionOf(text, at).line;
  }
  return undefined;
}
