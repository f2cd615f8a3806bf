// DEBUG: the sub-commands that test suites use. Those that crash a server on purpose are refused.

import { parseMemory } from '../config/kinds.ts';
import { digestOfAll, digestOfValue } from '../debug/digest.ts';
import { describeCount, describeLengths, describeObject, describeTables } from '../debug/inspect.ts';
import { protocolSample } from '../debug/protocol.ts';
import { loadAppendOnly, reload } from '../debug/reload.ts';
import { protectedRefusal } from '../dispatch/admission.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, fail, NO_SUCH_KEY } from '../errors.ts';
import { EVENT_STRING } from '../keyspace/effects.ts';
import { KIND_FREE } from '../keyspace/kinds.ts';
import { valueTypeOf } from '../keyspace/value-types.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { messageOf, savingOf } from '../persistence/saving.ts';
import { identityOf } from '../replication/identity.ts';
import { scriptingOf } from '../scripting/engine.ts';
import { parseInt64 } from '../util/numbers.ts';
import { rewriteConfig } from './config.ts';
import { subcommandSyntaxError } from './help.ts';
import { encodingOf } from './object.ts';

export const debugHandlers = { debug } satisfies Handlers;

interface Subcommand {
  /** Number of arguments, DEBUG and the sub-command included; several where both will do. */
  readonly argc: readonly [least: number, most: number];
  readonly synopsis: string;
  readonly run: (call: Call) => void;
}

const ok = (call: Call): void => call.reply.ok();

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  'aof-flush-sleep': { argc: [3, 3], synopsis: '<microseconds>', run: ok },
  'change-repl-id': {
    argc: [2, 2],
    synopsis: '',
    run: (call) => {
      identityOf(call.server).renew();
      call.reply.ok();
    },
  },
  'config-rewrite-force-all': {
    argc: [2, 2],
    synopsis: '',
    run: (call) => {
      rewriteConfig(call, true);
      call.reply.ok();
    },
  },
  digest: { argc: [2, 2], synopsis: '', run: (call) => call.reply.simple(digestOfAll(call.db.space)) },
  'digest-value': { argc: [2, Infinity], synopsis: '<key> ...', run: digestValue },
  error: { argc: [3, 3], synopsis: '<text>', run: (call) => call.reply.error(call.arg(2)) },
  htstats: { argc: [3, 3], synopsis: '<db>', run: htstats },
  'htstats-key': { argc: [3, 3], synopsis: '<key>', run: htstatsKey },
  listpack: { argc: [3, 3], synopsis: '<key>', run: listpack },
  loadaof: { argc: [2, 2], synopsis: '', run: loadaof },
  log: { argc: [3, 3], synopsis: '<text>', run: log },
  object: { argc: [3, 3], synopsis: '<key>', run: object },
  'pause-cron': {
    argc: [3, 3],
    synopsis: '<0|1>',
    run: (call) => {
      call.server.cronPaused = Number.parseInt(call.arg(2), 10) > 0;
      call.reply.ok();
    },
  },
  populate: { argc: [3, 5], synopsis: '<count> [<prefix>] [<size>]', run: populate },
  protocol: { argc: [3, 3], synopsis: '<type>', run: protocol },
  quicklist: { argc: [3, 4], synopsis: '<key> [<0|1>]', run: quicklist },
  'quicklist-packed-threshold': { argc: [3, 3], synopsis: '<bytes>', run: packedThreshold },
  reload: { argc: [2, Infinity], synopsis: '[MERGE] [NOFLUSH] [NOSAVE]', run: reloadOptions },
  replybuffer: { argc: [4, 4], synopsis: 'PEAK-RESET-TIME <time>|RESIZING <0|1>', run: replyBuffer },
  replicate: { argc: [3, Infinity], synopsis: '<command> ...', run: replicate },
  sdslen: { argc: [3, 3], synopsis: '<key>', run: sdslen },
  'set-active-expire': {
    argc: [3, 3],
    synopsis: '<0|1>',
    run: (call) => {
      call.server.setActiveExpiry(Number.parseInt(call.arg(2), 10) > 0);
      call.reply.ok();
    },
  },
  'set-disable-deny-scripts': {
    argc: [3, 3],
    synopsis: '<0|1>',
    run: (call) => {
      scriptingOf(call.server).invoker.allowsAll = Number.parseInt(call.arg(2), 10) > 0;
      call.reply.ok();
    },
  },
  'set-skip-checksum-validation': {
    argc: [3, 3],
    synopsis: '<0|1>',
    run: (call) => {
      savingOf(call.server).skipsChecksums = Number.parseInt(call.arg(2), 10) > 0;
      call.reply.ok();
    },
  },
  sleep: { argc: [3, 3], synopsis: '<seconds>', run: sleep },
};

function debug(call: Call): void {
  const refusal = protectedRefusal(call);
  if (refusal !== undefined) throw refusal;
  if (call.is(1, 'help')) return help(call);
  const subcommand = SUBCOMMANDS[call.word(1)];
  if (subcommand === undefined || call.argc < subcommand.argc[0] || call.argc > subcommand.argc[1]) {
    throw subcommandSyntaxError(call);
  }
  subcommand.run(call);
}

function help(call: Call): void {
  const lines = Object.entries(SUBCOMMANDS).map(([name, { synopsis }]) => `${name.toUpperCase()} ${synopsis}`.trim());
  const head = 'DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:';
  call.reply.array(lines.length + 2);
  for (const line of [head, ...lines, 'HELP']) call.reply.simple(line);
}

/** Tell replicas and the append-only file of a command that nobody ran. */
function replicate(call: Call): void {
  const { effects } = call.db.space;
  if (effects.propagating) effects.propagate(call.db.id, call.args(2));
  call.reply.ok();
}

function digestValue(call: Call): void {
  call.reply.array(call.argc - 2);
  for (const key of call.args(2)) call.reply.simple(digestOfValue(call.db, call.db.peekKey(key)));
}

function htstats(call: Call): void {
  const id = parseInt64(call.arg(2));
  if (id === undefined) fail('ERR value is not an integer or out of range');
  const db = call.db.space.databases[Number(id)];
  if (db === undefined) throw new CommandError('ERR Out of range database');
  call.reply.verbatim('txt', describeTables(db));
}

function htstatsKey(call: Call): void {
  const slot = existing(call);
  const encoding = encodingOf(call.db, slot);
  if (encoding !== 'hashtable' && encoding !== 'skiplist') {
    fail('ERR The value stored at the specified key is not represented using an hash table');
  }
  const size = valueTypeOf(call.db.kind(slot)).length(call.db.table.values[slot] as Aggregate);
  call.reply.verbatim('txt', describeCount(2 ** Math.ceil(Math.log2(Math.max(4, size))), size));
}

function listpack(call: Call): void {
  const encoding = encodingOf(call.db, existing(call));
  if (encoding !== 'listpack') fail('ERR Not a listpack encoded object.');
  call.reply.simple('Listpack structure printed on stdout');
}

function quicklist(call: Call): void {
  const encoding = encodingOf(call.db, existing(call));
  if (encoding !== 'quicklist') fail('ERR Not a quicklist encoded object.');
  call.reply.simple('Quicklist structure printed on stdout');
}

function log(call: Call): void {
  call.server.log(`DEBUG LOG: ${call.arg(2)}`);
  call.reply.ok();
}

/** A key that is there, even if its time is past. */
function stored(call: Call): number {
  const slot = call.db.table.findText(call.arg(2));
  if (slot < 0) throw NO_SUCH_KEY;
  return slot;
}

function object(call: Call): void {
  call.reply.simple(describeObject(call.db, stored(call)));
}

function sdslen(call: Call): void {
  const slot = stored(call);
  if (!call.db.isString(slot) || encodingOf(call.db, slot) === 'int') fail('ERR Not an sds encoded string.');
  call.reply.simple(describeLengths(call.db, slot));
}

/** Keys that are there already stay as they are. */
function populate(call: Call): void {
  const { db } = call;
  const count = parseInt64(call.arg(2));
  if (count === undefined || count < 0n || count > 2n ** 31n) fail('ERR value is out of range, must be positive');
  const prefix = call.argc > 3 ? call.arg(3) : 'key';
  const size = call.argc > 4 ? parseInt64(call.arg(4)) : 0n;
  if (size === undefined || size < 0n) fail('ERR value is out of range, must be positive');
  for (let i = 0; i < Number(count); i++) {
    const slot = db.slotFor(`${prefix}:${i}`);
    if (db.kind(slot) !== KIND_FREE) continue;
    const value = `value:${i}`;
    db.putText(slot, size === 0n ? value : value.slice(0, Number(size)).padEnd(Number(size), '\0'));
    db.modified(slot, EVENT_STRING, 'set');
  }
  call.reply.ok();
}

function protocol(call: Call): void {
  const sample = protocolSample(call.word(2));
  if (sample === undefined) {
    fail(
      'ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
    );
  }
  if (call.is(2, 'push') && !call.reply.resp3) fail('ERR RESP2 is not supported by this command');
  sample(call.reply);
}

const LARGEST_THRESHOLD = 4n * 1024n ** 3n;

function packedThreshold(call: Call): void {
  const bytes = parseMemory(call.arg(2));
  if (call.arg(2) === '' || bytes === undefined || bytes > LARGEST_THRESHOLD) {
    fail('ERR argument must be a memory value bigger than 1 and smaller than 4gb');
  }
  call.reply.ok();
}

const RELOAD_OPTIONS = new Set(['merge', 'noflush', 'nosave']);

function reloadOptions(call: Call): void {
  const options = new Set(call.args(2).map((option) => option.toLowerCase()));
  for (const option of options) {
    if (!RELOAD_OPTIONS.has(option)) fail('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.');
  }
  attempt(call, 'Error trying to load the RDB dump', () =>
    reload(call.server, {
      save: !options.has('nosave'),
      flush: !options.has('noflush'),
      merge: options.has('merge'),
    }),
  );
}

function loadaof(call: Call): void {
  attempt(call, 'Error trying to load the AOF files, check server logs.', () => loadAppendOnly(call.server));
}

function attempt(call: Call, refusal: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    call.server.log(`loading failed: ${messageOf(error)}`);
    fail(`ERR ${refusal}`);
  }
  call.reply.ok();
}

/** How long CLIENT LIST remembers a long reply, unless told otherwise. */
const REPLY_PEAK_MS = 5000;

function replyBuffer(call: Call): void {
  if (!call.is(2, 'peak-reset-time') && !call.is(2, 'resizing')) throw subcommandSyntaxError(call);
  if (call.is(2, 'peak-reset-time')) {
    if (call.is(3, 'never')) call.server.replyPeakMs = Infinity;
    else call.server.replyPeakMs = call.is(3, 'reset') ? REPLY_PEAK_MS : call.integer(3);
  }
  call.reply.ok();
}

/** Everybody waits, as on redis-server. A virtual clock moves instead, and nobody waits. */
function sleep(call: Call): void {
  const seconds = Number.parseFloat(call.arg(2));
  const milliseconds = seconds > 0 ? seconds * 1000 : 0;
  const { clock, timing } = call.server;
  if (clock.virtual) {
    clock.jump(clock.now() + milliseconds);
    timing.skipped += milliseconds;
  } else if (milliseconds > 0) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  }
  call.reply.ok();
}

function existing(call: Call): number {
  const slot = call.db.peekKey(call.arg(2));
  if (slot < 0) throw NO_SUCH_KEY;
  return slot;
}
