// Strings, whole values: set, get and their variations.

import { SYNTAX_ERROR, WRONG_TYPE, wrongArity } from '../errors.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { EVENT_GENERIC, EVENT_STRING } from '../keyspace/effects.ts';
import { isExpiryUnit, positiveExpiry } from './expiry-time.ts';
import type { ExpiryUnit } from './expiry-time.ts';

export const stringHandlers = {
  get,
  set,
  setnx,
  setex: (call) => setWithTime(call, 'ex'),
  psetex: (call) => setWithTime(call, 'px'),
  getset,
  getdel,
  getex,
  mget,
  mset,
  msetnx,
} satisfies Handlers;

function get(call: Call): void {
  const slot = call.read(1);
  if (slot < 0) return call.reply.null();
  call.replyText(slot);
}

function set(call: Call): void {
  if (call.argc > 3) return setWithOptions(call);
  store(call, 1, 2, 0, false);
  call.reply.ok();
}

/** Store argument `value` under argument `key`, with an expiry in absolute milliseconds (0: none). */
function store(call: Call, key: number, value: number, expireAt: number, keepExpiry: boolean): void {
  const { db } = call;
  let slot = call.write(key);
  if (slot < 0) slot = call.add(key);
  else if (db.expiring !== 0 && !keepExpiry) db.clearExpiry(slot);
  db.putBytes(slot, call.bytes, call.start[value]!, call.end[value]!);
  if (expireAt !== 0) db.setExpiry(slot, expireAt);
  db.modified(slot, EVENT_STRING, 'set');
  if (expireAt !== 0) db.emit(EVENT_GENERIC, 'expire', db.key(slot));
}

interface SetOptions {
  condition: 'nx' | 'xx' | undefined;
  get: boolean;
  keepExpiry: boolean;
  expireAt: number;
}

function setWithOptions(call: Call): void {
  const options = parseSetOptions(call);
  const { db, reply } = call;
  const slot = call.write(1);
  if (options.get && slot >= 0 && !db.isString(slot)) throw WRONG_TYPE;
  const old = options.get && slot >= 0 ? db.text(slot) : undefined;
  const refused = options.condition !== undefined && (options.condition === 'nx') === slot >= 0;
  if (!refused) {
    store(call, 1, 2, options.expireAt, options.keepExpiry);
    if (options.expireAt !== 0) call.propagate(['SET', call.arg(1), call.arg(2), 'PXAT', String(options.expireAt)]);
    else if (options.get) call.propagate(call.args(0).filter((_, i) => i < 3 || !call.is(i, 'get')));
  }
  if (options.get) return old === undefined ? reply.null() : reply.bulk(old);
  if (refused) return reply.null();
  reply.ok();
}

function parseSetOptions(call: Call): SetOptions {
  const options: SetOptions = { condition: undefined, get: false, keepExpiry: false, expireAt: 0 };
  let unit: ExpiryUnit | undefined;
  let unitAt = 0;
  for (let i = 3; i < call.argc; i++) {
    const word = call.word(i);
    if ((word === 'nx' || word === 'xx') && (options.condition ?? word) === word) {
      options.condition = word;
    } else if (word === 'get') {
      options.get = true;
    } else if (word === 'keepttl' && unit === undefined) {
      options.keepExpiry = true;
    } else if (isExpiryUnit(word) && !options.keepExpiry && (unit ?? word) === word && i + 1 < call.argc) {
      unit = word;
      unitAt = ++i;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  if (unit !== undefined) options.expireAt = positiveExpiry(call, unitAt, unit);
  return options;
}

function setnx(call: Call): void {
  if (call.write(1) >= 0) return call.reply.integer(0);
  store(call, 1, 2, 0, false);
  call.reply.integer(1);
}

function setWithTime(call: Call, unit: ExpiryUnit): void {
  const expireAt = positiveExpiry(call, 2, unit);
  store(call, 1, 3, expireAt, false);
  if (call.propagating) call.propagate(['SET', call.arg(1), call.arg(3), 'PXAT', String(expireAt)]);
  call.reply.ok();
}

function getset(call: Call): void {
  const slot = call.read(1);
  const old = slot < 0 ? undefined : call.db.text(slot);
  store(call, 1, 2, 0, false);
  if (call.propagating) call.propagate(['SET', call.arg(1), call.arg(2)]);
  if (old === undefined) call.reply.null();
  else call.reply.bulk(old);
}

function getdel(call: Call): void {
  const slot = call.read(1);
  if (slot < 0) return call.reply.null();
  call.replyText(slot);
  call.db.delete(slot);
  if (call.propagating) call.propagate(['DEL', call.arg(1)]);
}

function getex(call: Call): void {
  const { db, reply } = call;
  let persist = false;
  let unit: ExpiryUnit | undefined;
  for (let i = 2; i < call.argc; i++) {
    const word = call.word(i);
    if (word === 'persist' && unit === undefined) persist = true;
    else if (isExpiryUnit(word) && !persist && unit === undefined && ++i < call.argc) unit = word;
    else throw SYNTAX_ERROR;
  }
  const slot = call.read(1);
  if (slot < 0) return reply.null();
  if (!db.isString(slot)) throw WRONG_TYPE;
  const expireAt = unit === undefined ? 0 : positiveExpiry(call, 3, unit);
  call.replyText(slot);
  if (unit !== undefined && expireAt <= call.now) {
    db.delete(slot);
    call.propagate(['DEL', call.arg(1)]);
  } else if (unit !== undefined) {
    db.setExpiry(slot, expireAt);
    db.modified(slot, EVENT_GENERIC, 'expire');
    call.propagate(['PEXPIREAT', call.arg(1), String(expireAt)]);
  } else if (persist && db.clearExpiry(slot)) {
    db.modified(slot, EVENT_GENERIC, 'persist');
    call.propagate(['PERSIST', call.arg(1)]);
  }
}

function mget(call: Call): void {
  const { db, reply } = call;
  reply.array(call.argc - 1);
  for (let i = 1; i < call.argc; i++) {
    const slot = call.read(i);
    if (slot < 0 || !db.isString(slot)) reply.null();
    else call.replyText(slot);
  }
}

function mset(call: Call): void {
  evenPairs(call);
  for (let i = 1; i < call.argc; i += 2) store(call, i, i + 1, 0, false);
  call.reply.ok();
}

function msetnx(call: Call): void {
  evenPairs(call);
  for (let i = 1; i < call.argc; i += 2) if (call.write(i) >= 0) return call.reply.integer(0);
  for (let i = 1; i < call.argc; i += 2) store(call, i, i + 1, 0, false);
  call.reply.integer(1);
}

function evenPairs(call: Call): void {
  if (call.argc % 2 === 0) throw wrongArity(call.command.name);
}
