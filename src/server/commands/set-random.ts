// Random members: SPOP and SRANDMEMBER.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { SYNTAX_ERROR } from '../errors.ts';
import { EVENT_SET } from '../keyspace/effects.ts';
import { distinctPositions } from '../values/sample.ts';
import { setType } from '../values/set.ts';
import { replyBytes, Span } from '../values/span.ts';
import { countOf, PAUSE, signedCount } from './counts.ts';

export const setRandomHandlers = {
  spop,
  srandmember,
} satisfies Handlers;

const member = new Span();

function spop(call: Call): void {
  if (call.argc === 3) return spopSeveral(call);
  if (call.argc > 3) throw SYNTAX_ERROR;
  const { db } = call;
  const slot = call.write(1);
  if (slot < 0) return call.reply.null();
  const set = db.get(slot, setType);
  const position = Math.floor(call.server.random() * set.size);
  set.at(position, member);
  member.reply(call.reply);
  if (call.propagating) call.propagate(['SREM', call.arg(1), member.text]);
  set.removeAt(position);
  db.modified(slot, EVENT_SET, 'spop');
  if (set.size === 0) db.dropEmpty(slot);
}

function spopSeveral(call: Call): void {
  const { db, reply } = call;
  const { random } = call.server;
  const count = countOf(call, 2);
  const slot = call.write(1);
  if (slot < 0) return reply.set(0);
  const set = db.get(slot, setType);
  const { size } = set;
  if (count === 0) return reply.set(0);
  if (count >= size) {
    reply.set(size);
    set.visit((bytes, start, end) => replyBytes(reply, bytes, start, end));
    db.modified(slot, EVENT_SET, 'spop');
    db.space.effects.dirty += size - 1;
    if (call.propagating) call.propagate(['DEL', call.arg(1)]);
    return db.dropEmpty(slot);
  }
  const popped: string[] = [];
  for (let i = 0; i < count; i++) {
    const position = Math.floor(random() * set.size);
    set.at(position, member);
    popped.push(member.text);
    set.removeAt(position);
  }
  reply.set(count);
  for (const text of popped) reply.bulk(text);
  // Not through `propagate`: there may be more members than a call takes arguments.
  if (call.propagating) db.space.effects.replacement = popped.map((text) => ['SREM', call.arg(1), text]);
  db.modified(slot, EVENT_SET, 'spop');
  db.space.effects.dirty += count - 1;
}

function srandmember(call: Call): void {
  const { reply, server } = call;
  if (call.argc === 3) return srandmemberSeveral(call);
  if (call.argc > 3) throw SYNTAX_ERROR;
  const slot = call.read(1);
  if (slot < 0) return reply.null();
  const set = call.db.get(slot, setType);
  set.at(Math.floor(server.random() * set.size), member);
  member.reply(reply);
}

/** A negative count asks for that many draws, in which members may repeat. */
function srandmemberSeveral(call: Call): void {
  const { reply } = call;
  const { random } = call.server;
  const count = signedCount(call, 2);
  const slot = call.read(1);
  if (slot < 0) return reply.array(0);
  const set = call.db.get(slot, setType);
  const { size } = set;
  if (count < 0) {
    reply.array(-count);
    for (let i = 0; i > count; i--) {
      set.at(Math.floor(random() * size), member);
      member.reply(reply);
      if (i % PAUSE === 1 - PAUSE && !call.goesOn()) return;
    }
  } else if (count >= size) {
    reply.array(size);
    set.visit((bytes, start, end) => replyBytes(reply, bytes, start, end));
  } else {
    const positions = distinctPositions(size, count, random);
    reply.array(count);
    for (let i = 0; i < count; i++) {
      set.at(positions[i]!, member);
      member.reply(reply);
    }
  }
}
