// What stream commands share in reading their arguments: ids, ranges, trimming, groups.

import type { Call } from '../dispatch/call.ts';
import { CommandError, fail, printed, SYNTAX_ERROR } from '../errors.ts';
import { streamType } from '../values/stream.ts';
import type { StreamValue } from '../values/stream-value.ts';
import type { ConsumerGroup } from '../values/stream-group.ts';
import { idAfter, idBefore, parseId, parseOpenId, WORD_MAX } from '../values/stream-id.ts';
import type { StreamId, Word } from '../values/stream-id.ts';
import type { Trim } from '../values/stream-trim.ts';

export const INVALID_ID = new CommandError('ERR Invalid stream ID specified as stream command argument');

const SAFE_DIGITS = 15;
const SHORT_ID = SAFE_DIGITS * 2 + 1;

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** An id; without its second half that is 0. */
export function idOf(call: Call, i: number): StreamId {
  const { bytes } = call;
  const end = call.end[i]!;
  let at = call.start[i]!;
  // The usual form without a string in between: two numbers that are exact as they are.
  if (end - at <= SHORT_ID) {
    let ms = 0;
    const first = at;
    for (; at < end && isDigit(bytes[at]!); at++) ms = ms * 10 + bytes[at]! - 48;
    if (at > first && at < end - 1 && at - first <= SAFE_DIGITS && bytes[at] === 45) {
      let seq = 0;
      const second = ++at;
      for (; at < end && isDigit(bytes[at]!); at++) seq = seq * 10 + bytes[at]! - 48;
      if (at === end && at - second <= SAFE_DIGITS) return { ms, seq };
    }
  }
  const id = parseId(call.arg(i), 0, true);
  if (id === undefined) throw INVALID_ID;
  return id;
}

/** Several ids; all are read before anything is done. */
export function idsFrom(call: Call, from: number): StreamId[] {
  const ids: StreamId[] = [];
  for (let i = from; i < call.argc; i++) ids.push(idOf(call, i));
  return ids;
}

/** The start of a range: `-`, an id, or `(` and an id that does not belong to it. */
export function startOf(call: Call, i: number): StreamId {
  const text = call.arg(i);
  const start = boundOf(text, 0);
  return isExclusive(text) ? (idAfter(start) ?? fail('ERR invalid start ID for the interval')) : start;
}

/** The end of a range: `+`, an id, or `(` and an id that does not belong to it. */
export function endOf(call: Call, i: number): StreamId {
  const text = call.arg(i);
  const end = boundOf(text, WORD_MAX);
  return isExclusive(text) ? (idBefore(end) ?? fail('ERR invalid end ID for the interval')) : end;
}

function boundOf(text: string, missingSeq: Word): StreamId {
  const id = isExclusive(text) ? parseId(text.slice(1), missingSeq, true) : parseId(text, missingSeq, false);
  if (id === undefined) throw INVALID_ID;
  return id;
}

function isExclusive(text: string): boolean {
  return text.length > 1 && text.charCodeAt(0) === 40;
}

/** The stream under argument `i`; undefined when there is no such key. */
export function readStream(call: Call, i: number): StreamValue | undefined {
  const slot = call.read(i);
  return slot < 0 ? undefined : call.db.get(slot, streamType);
}

/** Find a key that Redis counts as read though the command changes it; returns its slot or -1. */
export function readToChange(call: Call, i: number): number {
  const slot = call.read(i);
  if (slot >= 0) call.db.preserver?.before(slot);
  return slot;
}

/** The group under argument `i`, which `what` (its stream) may lack; both must be there. */
export function groupOf(call: Call, stream: StreamValue | undefined, i: number): ConsumerGroup {
  const group = stream?.groups.get(call.arg(i));
  if (group !== undefined) return group;
  return fail(`NOGROUP No such key '${printed(call.arg(1))}' or consumer group '${printed(call.arg(i))}'`);
}

/** What XADD and XTRIM say ahead of the entry. */
export interface AddOptions {
  /** Where XADD's id stands. */
  readonly at: number;
  readonly trim: Trim | undefined;
  /** The argument with the trim's threshold. */
  readonly trimAt: number;
  readonly mayCreate: boolean;
  /** Undefined for `*`. */
  readonly id: StreamId | undefined;
  /** Of `<ms>-*` the first half. */
  readonly ms: Word | undefined;
}

const TWO_TRIMS = new CommandError('ERR syntax error, MAXLEN and MINID options at the same time are not compatible');

export function parseAdd(call: Call, adds: boolean): AddOptions {
  let keep: number | StreamId | undefined;
  let approximate = false;
  let limit: number | undefined;
  let trimAt = 0;
  let mayCreate = true;
  let id: StreamId | undefined;
  let ms: Word | undefined;
  let i = 2;
  for (; i < call.argc; i++) {
    const more = call.argc - 1 - i;
    const isLength = call.is(i, 'maxlen');
    if (adds && call.is(i, '*')) break;
    if (more > 0 && (isLength || call.is(i, 'minid'))) {
      if (keep !== undefined) throw TWO_TRIMS;
      approximate = more >= 2 && call.is(i + 1, '~');
      if (approximate || (more >= 2 && call.is(i + 1, '='))) i++;
      keep = isLength ? notNegative(call, i + 1, 'MAXLEN') : idOf(call, i + 1);
      trimAt = ++i;
    } else if (more > 0 && call.is(i, 'limit')) {
      limit = notNegative(call, i + 1, 'LIMIT');
      i++;
    } else if (adds && call.is(i, 'nomkstream')) {
      mayCreate = false;
    } else if (adds) {
      const text = call.arg(i);
      ms = parseOpenId(text);
      if (ms === undefined) id = parseId(text, 0, true);
      if (id === undefined && ms === undefined) throw INVALID_ID;
      break;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  const trim = keep === undefined ? undefined : { keep, approximate, limit: limitOf(call, approximate, limit) };
  if (trim === undefined) {
    if (limit !== undefined && limit !== 0) {
      fail('ERR syntax error, LIMIT cannot be used without specifying a trimming strategy');
    }
    if (!adds) fail('ERR syntax error, XTRIM must be called with a trimming strategy');
    limitOf(call, false, limit);
  }
  return { at: i, trim, trimAt, mayCreate, id, ms };
}

function notNegative(call: Call, i: number, option: string): number {
  const value = call.integer(i);
  if (value < 0) fail(`ERR The ${option} argument must be >= 0.`);
  return value;
}

const MOST_WORK = 1_000_000;
const USUAL_WORK = 10_000;
const BLOCKS_AT_ONCE = 100;

/** Trimming by whole blocks does a bounded amount of work unless told otherwise. */
function limitOf(call: Call, approximate: boolean, given: number | undefined): number {
  // What a primary or a file says was worked out before: it comes without bounds.
  if (!call.db.space.mayExpire) return 0;
  if (given !== undefined) {
    if (!approximate) fail('ERR syntax error, LIMIT cannot be used without the special ~ option');
    return given;
  }
  if (!approximate) return 0;
  const work = BLOCKS_AT_ONCE * call.db.space.settings.streamNodeMaxEntries;
  return work <= 0 ? USUAL_WORK : Math.min(work, MOST_WORK);
}

/**
 * The arguments from `from` on in the form that gives the same result anywhere: a trim by whole blocks names what it
 * left, and is not bounded any more.
 */
export function trimmedArguments(call: Call, stream: StreamValue, { trim, trimAt }: AddOptions): string[] {
  const argv = call.args(0);
  if (trim === undefined || !trim.approximate) return argv;
  argv[trimAt - 1] = '=';
  argv[trimAt] = typeof trim.keep === 'number' ? String(stream.length) : firstText(stream);
  return argv;
}

/** The first id that is in a block, be it deleted. */
function firstText(stream: StreamValue): string {
  const node = stream.nodes[stream.head];
  const { ms, seq } = node === undefined ? { ms: WORD_MAX, seq: WORD_MAX } : node.id;
  return `${ms}-${seq}`;
}
