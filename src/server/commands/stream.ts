// Streams: adding, trimming, ranges, deleting.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, fail, NO_SUCH_KEY, SYNTAX_ERROR, wrongArity } from '../errors.ts';
import { EVENT_STREAM } from '../keyspace/effects.ts';
import { streamType } from '../values/stream.ts';
import { StreamValue } from '../values/stream-value.ts';
import { compareIds, idAfter, idText, isZero, MIN_ID, plus, WORD_MAX } from '../values/stream-id.ts';
import type { StreamId } from '../values/stream-id.ts';
import { trimStream } from '../values/stream-trim.ts';
import { endOf, idOf, idsFrom, parseAdd, readStream, startOf, trimmedArguments } from './stream-arguments.ts';
import type { AddOptions } from './stream-arguments.ts';
import { gatherRange, replyEntries } from './stream-replies.ts';

export const streamHandlers = {
  xadd,
  xtrim,
  xlen,
  xrange: (call) => range(call, false),
  xrevrange: (call) => range(call, true),
  xdel,
  xsetid,
} satisfies Handlers;

const STAR = 42;
/** What `XADD key *` asks for. */
const PLAIN_ADD: AddOptions = {
  at: 2,
  trim: undefined,
  trimAt: 0,
  mayCreate: true,
  id: undefined,
  ms: undefined,
};
/** Redis' limit for all fields and values of an entry. */
const ENTRY_MAX = 1 << 30;
const TOO_LARGE = new CommandError('ERR Elements are too large to be stored');
const TOO_SMALL = new CommandError('ERR The ID specified in XADD is equal or smaller than the target stream top item');

function xadd(call: Call): void {
  const { db, argc } = call;
  const isPlain = call.length(2) === 1 && call.bytes[call.start[2]!] === STAR;
  const options = isPlain ? PLAIN_ADD : parseAdd(call, true);
  const first = options.at + 1;
  if (argc - first < 2 || (argc - first) % 2 === 1) throw wrongArity(call.command.name);
  if (options.id !== undefined && isZero(options.id)) fail('ERR The ID specified in XADD must be greater than 0-0');
  let slot = call.write(1);
  if (slot < 0 && !options.mayCreate) return call.reply.null();
  const known = slot < 0 ? undefined : db.get(slot, streamType);
  const id = idFor(call, options, known?.lastId ?? MIN_ID);
  if (call.end[argc - 1]! - call.start[first]! > ENTRY_MAX) throw TOO_LARGE;
  let stream = known;
  if (stream === undefined) {
    slot = call.add(1);
    stream = new StreamValue(db);
    db.put(slot, streamType, stream);
  }
  stream.append(id, call.bytes, call.start, call.end, first, argc);
  const text = idText(id);
  call.reply.bulk(text);
  db.modified(slot, EVENT_STREAM, 'xadd');
  if (isPlain && !call.propagating) return;
  if (options.trim !== undefined && trimStream(stream, options.trim) > 0) {
    db.book(slot);
    db.emit(EVENT_STREAM, 'xtrim', call.arg(1));
  }
  if (!call.propagating) return;
  const argv = trimmedArguments(call, stream, options);
  if (options.id === undefined) argv[options.at] = text;
  call.propagate(withoutLimit(argv, options));
}

/** The id of the entry to be added behind `last`. */
function idFor(call: Call, { id, ms }: AddOptions, last: StreamId): StreamId {
  const after = idAfter(last);
  if (after === undefined) {
    return fail('ERR The stream has exhausted the last possible ID, unable to add more items');
  }
  if (id !== undefined) {
    if (compareIds(id, last) <= 0) throw TOO_SMALL;
    return id;
  }
  if (ms === undefined) return call.now > last.ms ? { ms: call.now, seq: 0 } : after;
  if (ms === last.ms) {
    // Redis has this text for it.
    if (last.seq === WORD_MAX) throw TOO_LARGE;
    return { ms, seq: plus(last.seq, 1) };
  }
  if (ms <= last.ms) throw TOO_SMALL;
  return { ms, seq: 0 };
}

/** LIMIT bounded the work once; whoever repeats the command removes exactly what it removed. */
function withoutLimit(argv: readonly string[], { trim, at }: AddOptions): readonly string[] {
  if (trim === undefined) return argv;
  for (let i = 2; i + 1 < at; i++) {
    if (argv[i]!.toLowerCase() === 'limit') return [...argv.slice(0, i), ...argv.slice(i + 2)];
  }
  return argv;
}

function xtrim(call: Call): void {
  const { db } = call;
  const options = parseAdd(call, false);
  const slot = call.write(1);
  if (slot < 0) return call.reply.integer(0);
  const stream = db.get(slot, streamType);
  const gone = trimStream(stream, options.trim!);
  if (gone > 0) {
    db.modified(slot, EVENT_STREAM, 'xtrim');
    db.space.effects.dirty += gone - 1;
    if (call.propagating) call.propagate(withoutLimit(trimmedArguments(call, stream, options), options));
  }
  call.reply.integer(gone);
}

function xlen(call: Call): void {
  call.reply.integer(readStream(call, 1)?.length ?? 0);
}

function range(call: Call, reverse: boolean): void {
  const { reply } = call;
  const from = startOf(call, reverse ? 3 : 2);
  const to = endOf(call, reverse ? 2 : 3);
  let count = -1;
  for (let i = 4; i < call.argc; i += 2) {
    if (!call.is(i, 'count') || i + 1 >= call.argc) throw SYNTAX_ERROR;
    count = Math.max(0, call.integer(i + 1));
  }
  const stream = readStream(call, 1);
  if (stream === undefined) return reply.array(0);
  if (count === 0) return reply.nullArray();
  replyEntries(reply, gatherRange(reply, stream, from, to, count < 0 ? Infinity : count, reverse));
}

function xdel(call: Call): void {
  const { db } = call;
  const slot = call.write(1);
  if (slot < 0) return call.reply.integer(0);
  const stream = db.get(slot, streamType);
  let gone = 0;
  let firstWent = false;
  for (const id of idsFrom(call, 2)) {
    if (!stream.delete(id)) continue;
    if (compareIds(id, stream.firstId) === 0) firstWent = true;
    if (compareIds(id, stream.maxDeletedId) > 0) stream.maxDeletedId = id;
    gone++;
  }
  if (gone > 0) {
    if (firstWent || stream.length === 0) stream.updateFirst();
    db.modified(slot, EVENT_STREAM, 'xdel');
    db.space.effects.dirty += gone - 1;
  }
  call.reply.integer(gone);
}

function xsetid(call: Call): void {
  const { db } = call;
  const id = idOf(call, 2);
  let added: number | bigint = -1;
  let maxDeleted = MIN_ID;
  for (let i = 3; i < call.argc; i += 2) {
    const more = i + 1 < call.argc;
    if (more && call.is(i, 'entriesadded')) {
      added = plus(call.int64(i + 1), 0);
      if (added < 0) fail('ERR entries_added must be positive');
    } else if (more && call.is(i, 'maxdeletedid')) {
      maxDeleted = idOf(call, i + 1);
      if (compareIds(id, maxDeleted) < 0) {
        fail('ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id');
      }
    } else {
      throw SYNTAX_ERROR;
    }
  }
  const slot = call.write(1);
  if (slot < 0) throw NO_SUCH_KEY;
  const stream = db.get(slot, streamType);
  if (stream.length > 0) {
    if (compareIds(id, stream.lastValidId()) < 0) {
      fail('ERR The ID specified in XSETID is smaller than the target stream top item');
    }
    if (added !== -1 && stream.length > added) {
      fail('ERR The entries_added specified in XSETID is smaller than the target stream length');
    }
  }
  stream.lastId = id;
  if (added !== -1) stream.entriesAdded = added;
  if (!isZero(maxDeleted)) stream.maxDeletedId = maxDeleted;
  // Redis counts the change and tells of it, but whoever watches the key or waits for it does not hear.
  db.space.effects.dirty++;
  db.emit(EVENT_STREAM, 'xsetid', call.arg(1));
  call.reply.ok();
}
