// Values as bytes: DUMP, RESTORE.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { EVENT_GENERIC } from '../keyspace/effects.ts';
import { payloadOf, isPayload, readPayload } from '../persistence/rdb/payload.ts';
import { putValue } from '../persistence/rdb/read-value.ts';

export const dumpHandlers = { dump, restore, 'restore-asking': restore } satisfies Handlers;

function dump(call: Call): void {
  const slot = call.read(1);
  if (slot < 0) return call.reply.null();
  const payload = payloadOf(call.server, call.db, slot);
  call.reply.bulkBytes(payload, 0, payload.length);
}

interface RestoreOptions {
  readonly replace: boolean;
  readonly absolute: boolean;
  /** Seconds. */
  readonly idle: number | undefined;
  readonly frequency: number | undefined;
}

function restore(call: Call): void {
  const { db, now } = call;
  const options = restoreOptions(call);
  const existing = call.write(1);
  if (existing >= 0 && !options.replace) throw new CommandError('BUSYKEY Target key name already exists.');
  const ttl = call.integer(2);
  if (ttl < 0) throw new CommandError('ERR Invalid TTL value, must be >= 0');
  const start = call.start[3]!;
  const end = call.end[3]!;
  if (!isPayload(call.server, call.bytes, start, end))
    throw new CommandError('ERR DUMP payload version or checksum are wrong');
  const loaded = readPayload(call.bytes, start, end, db);
  if (loaded === undefined) throw new CommandError('ERR Bad data format');
  const expireAt = ttl === 0 ? 0 : options.absolute ? ttl : now + ttl;
  const key = call.arg(1);
  if (expireAt !== 0 && expireAt <= now) {
    if (loaded.type !== undefined) loaded.type.release?.(loaded.value);
    if (existing >= 0) {
      db.delete(existing);
      call.propagate(['DEL', key]);
    }
    return call.reply.ok();
  }
  if (existing >= 0) db.removeSilently(existing);
  const slot = db.addKey(key);
  putValue(db, slot, loaded);
  if (expireAt !== 0) db.setExpiry(slot, expireAt);
  setAccess(call, slot, options);
  if (call.propagating && expireAt !== 0 && !options.absolute) {
    call.propagate(['RESTORE', key, String(expireAt), ...call.args(3), 'ABSTTL']);
  }
  db.modified(slot, EVENT_GENERIC, 'restore');
  call.reply.ok();
}

function restoreOptions(call: Call): RestoreOptions {
  let replace = false;
  let absolute = false;
  let idle: number | undefined;
  let frequency: number | undefined;
  for (let i = 4; i < call.argc; i++) {
    if (call.is(i, 'replace')) replace = true;
    else if (call.is(i, 'absttl')) absolute = true;
    else if (call.is(i, 'idletime') && i + 1 < call.argc && frequency === undefined) {
      idle = call.integer(++i);
      if (idle < 0) throw new CommandError('ERR Invalid IDLETIME value, must be >= 0');
    } else if (call.is(i, 'freq') && i + 1 < call.argc && idle === undefined) {
      frequency = call.integer(++i);
      if (frequency < 0 || frequency > 255) throw new CommandError('ERR Invalid FREQ value, must be >= 0 and <= 255');
    } else throw SYNTAX_ERROR;
  }
  return { replace, absolute, idle, frequency };
}

function setAccess({ db }: Call, slot: number, { idle, frequency }: RestoreOptions): void {
  db.table.setAccess(slot, db.space.accessOf(idle, frequency));
}
