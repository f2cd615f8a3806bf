// Parts of strings: APPEND, GETRANGE, SETRANGE, STRLEN.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import { EVENT_STRING } from '../keyspace/effects.ts';

export const rangeHandlers = {
  append,
  strlen,
  getrange,
  substr: getrange,
  setrange,
} satisfies Handlers;

function append(call: Call): void {
  const { db } = call;
  const added = call.length(2);
  let slot = call.write(1);
  let length = added;
  if (slot < 0) {
    slot = call.add(1);
    db.putBytes(slot, call.bytes, call.start[2]!, call.end[2]!);
  } else {
    const before = db.length(slot);
    length = before + added;
    checkLength(call, length);
    const view = db.edit(slot, length);
    call.bytes.copy(view.bytes, view.offset + before, call.start[2], call.end[2]);
  }
  db.modified(slot, EVENT_STRING, 'append');
  call.reply.integer(length);
}

function strlen(call: Call): void {
  const slot = call.read(1);
  call.reply.integer(slot < 0 ? 0 : call.db.length(slot));
}

function getrange(call: Call): void {
  let start = call.integer(2);
  let end = call.integer(3);
  const slot = call.read(1);
  if (slot < 0) return call.reply.bulk('');
  const length = call.db.length(slot);
  if (start < 0 && end < 0 && start > end) return call.reply.bulk('');
  start = start < 0 ? Math.max(0, length + start) : start;
  end = Math.min(end < 0 ? Math.max(0, length + end) : end, length - 1);
  if (start > end || length === 0) return call.reply.bulk('');
  const view = call.db.view(slot);
  call.reply.bulkBytes(view.bytes, view.offset + start, view.offset + end + 1);
}

function setrange(call: Call): void {
  const { db } = call;
  const offset = call.integer(2);
  if (offset < 0) throw new CommandError('ERR offset is out of range');
  const length = call.length(3);
  let slot = call.write(1);
  const before = slot < 0 ? 0 : db.length(slot);
  if (length === 0) return call.reply.integer(before);
  checkLength(call, offset + length);
  if (slot < 0) {
    slot = call.add(1);
    db.putText(slot, '');
  }
  const view = db.edit(slot, offset + length);
  call.bytes.copy(view.bytes, view.offset + offset, call.start[3], call.end[3]);
  db.modified(slot, EVENT_STRING, 'setrange');
  call.reply.integer(view.length);
}

/** Throws when a string would grow beyond `proto-max-bulk-len`. */
export function checkLength(call: Call, length: number): void {
  if (length > call.server.settings.protoMaxBulkLength) {
    throw new CommandError('ERR string exceeds maximum allowed size (proto-max-bulk-len)');
  }
}
