// Walking the keyspace: SCAN and KEYS, and the option parser that SSCAN, HSCAN and ZSCAN share.

import { isReached } from '../../redis/commands/index.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { typeNames } from '../keyspace/value-types.ts';
import { matchGlob } from '../util/glob.ts';

export const scanHandlers = {
  scan,
  keys,
} satisfies Handlers;

export interface ScanOptions {
  /** Elements to look at, at least. */
  count: number;
  pattern: string | undefined;
  /** SCAN only. */
  type: string | undefined;
  /** HSCAN only, as of 7.4. */
  novalues: boolean;
}

const NOT_HSCAN = new CommandError('ERR NOVALUES option can only be used in HSCAN');
const INVALID_CURSOR = new CommandError('ERR invalid cursor');
/** Free slots are passed at no charge, up to this many per element asked for. */
const FREE_SLOTS_PER_ELEMENT = 1000;

/** A cursor argument; 0 begins. Throws `invalid cursor`. */
export function parseCursor(text: string): number {
  // strtoul's rules: a sign is taken, a negative number wraps around, and nothing at all is zero.
  const parts = /^([+-]?)(\d+)$|^$/.exec(text);
  if (parts === null) throw INVALID_CURSOR;
  const value = BigInt(parts[2] ?? 0);
  if (value > 0xffff_ffff_ffff_ffffn) throw INVALID_CURSOR;
  return Number(parts[1] === '-' ? BigInt.asUintN(64, -value) : value);
}

/** Options from argument `from` on. */
export function parseScanOptions(call: Call, from: number): ScanOptions {
  const options: ScanOptions = { count: 10, pattern: undefined, type: undefined, novalues: false };
  for (let i = from; i < call.argc; i += 2) {
    const hasValue = i + 1 < call.argc;
    if (call.is(i, 'count') && hasValue) {
      options.count = call.integer(i + 1);
      if (options.count < 1) throw SYNTAX_ERROR;
    } else if (call.is(i, 'match') && hasValue) {
      options.pattern = call.arg(i + 1);
      if (options.pattern === '*') options.pattern = undefined;
    } else if (call.is(i, 'type') && hasValue && call.command.name === 'scan') {
      options.type = call.word(i + 1);
    } else if (call.is(i, 'novalues') && isReached('7.4.0', call.server.settings.version)) {
      if (call.command.name !== 'hscan') throw NOT_HSCAN;
      options.novalues = true;
      i--;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return options;
}

/** Slots never move, so the next slot is all a cursor has to say. */
function scan(call: Call): void {
  const { db, reply } = call;
  const cursor = parseCursor(call.arg(1));
  const { count, pattern, type } = parseScanOptions(call, 2);
  const found: string[] = [];
  let slot = cursor;
  let looked = 0;
  let free = count * FREE_SLOTS_PER_ELEMENT;
  for (; slot < db.table.slots && looked < count && free > 0; slot++) {
    if (!db.table.isUsed(slot)) {
      free--;
      continue;
    }
    looked++;
    const key = db.key(slot);
    if (pattern !== undefined && !matchGlob(pattern, key)) continue;
    if (type !== undefined && typeNames[db.kind(slot)] !== type) continue;
    if (db.volatile !== 0 && db.expireIfDue(slot)) continue;
    found.push(key);
  }
  reply.array(2);
  reply.bulk(slot >= db.table.slots ? '0' : String(slot));
  reply.bulks(found);
}

function keys(call: Call): void {
  const { db } = call;
  const pattern = call.arg(1);
  const found: string[] = [];
  for (let slot = 0; slot < db.table.slots; slot++) {
    if (!db.table.isUsed(slot)) continue;
    const key = db.key(slot);
    if (pattern !== '*' && !matchGlob(pattern, key)) continue;
    const at = db.expiryOf(slot);
    if (at === 0 || at > call.now) found.push(key);
  }
  call.reply.bulks(found);
}
