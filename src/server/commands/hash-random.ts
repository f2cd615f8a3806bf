// Random fields: HRANDFIELD.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { OUT_OF_RANGE, SYNTAX_ERROR } from '../errors.ts';
import type { Reply } from '../reply/reply.ts';
import { INT64_MAX } from '../util/numbers.ts';
import { hashType } from '../values/hash.ts';
import type { HashValue } from '../values/hash.ts';
import { distinctPositions } from '../values/sample.ts';
import { Span } from '../values/span.ts';
import { PAUSE, signedCount } from './counts.ts';

export const hashRandomHandlers = {
  hrandfield,
} satisfies Handlers;

/** With values the reply has twice as many elements, whose number must fit into 64 bits. */
const MAX_WITH_VALUES = INT64_MAX / 2n;
const field = new Span();
const value = new Span();

function hrandfield(call: Call): void {
  const { reply, server } = call;
  if (call.argc > 2) return several(call);
  const slot = call.read(1);
  if (slot < 0) return reply.null();
  const hash = call.db.get(slot, hashType);
  hash.at(Math.floor(server.random() * hash.size), field, value);
  field.reply(reply);
}

/** A negative count asks for that many draws, in which fields may repeat. */
function several(call: Call): void {
  const { reply } = call;
  const { random } = call.server;
  const count = signedCount(call, 2);
  if (call.argc > 4 || (call.argc === 4 && !call.is(3, 'withvalues'))) throw SYNTAX_ERROR;
  const withValues = call.argc === 4;
  if (withValues && isTooFar(call.int64(2))) throw OUT_OF_RANGE;
  const slot = call.read(1);
  if (slot < 0) return reply.array(0);
  const hash = call.db.get(slot, hashType);
  const { size } = hash;
  const answered = count < 0 ? -count : Math.min(count, size);
  reply.array(withValues && !reply.resp3 ? answered * 2 : answered);
  if (count >= size) return inOrder(hash, reply, withValues);
  const positions = count < 0 ? undefined : distinctPositions(size, count, random);
  for (let i = 0; i < answered; i++) {
    hash.at(positions === undefined ? Math.floor(random() * size) : positions[i]!, field, value);
    answer(reply, withValues);
    if (i % PAUSE === PAUSE - 1 && !call.goesOn()) return;
  }
}

function isTooFar(count: bigint): boolean {
  return count > MAX_WITH_VALUES || count < -MAX_WITH_VALUES;
}

function inOrder(hash: HashValue, reply: Reply, withValues: boolean): void {
  hash.visit((bytes, start, end, valueStart, valueEnd) => {
    field.set(bytes, start, end);
    value.set(bytes, valueStart, valueEnd);
    answer(reply, withValues);
  });
}

function answer(reply: Reply, withValues: boolean): void {
  if (withValues && reply.resp3) reply.array(2);
  field.reply(reply);
  if (withValues) value.reply(reply);
}
