// Functions: FCALL, FCALL_RO, FUNCTION.

import { Buffer } from 'node:buffer';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, fail } from '../errors.ts';
import { ByteReader } from '../persistence/rdb/byte-reader.ts';
import { ByteWriter } from '../persistence/rdb/byte-writer.ts';
import { Crc64 } from '../persistence/rdb/crc64.ts';
import { OP_FUNCTION, rdbVersionOf } from '../persistence/rdb/format.ts';
import { isPayload } from '../persistence/rdb/payload.ts';
import type { Reply } from '../reply/reply.ts';
import { scriptingOf } from '../scripting/engine.ts';
import type { Library } from '../scripting/libraries.ts';
import { SCRIPT_FLAGS, SCRIPT_NO_WRITES } from '../scripting/shebang.ts';
import { matchGlob } from '../util/glob.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';

export const functionHandlers = {
  fcall: (call) => callFunction(call, false),
  fcall_ro: (call) => callFunction(call, true),
  'function|delete': remove,
  'function|dump': dump,
  'function|flush': flush,
  'function|help': helpHandler('function'),
  'function|kill': (call) => scriptingOf(call.server).watchdog.kill(call, 'function'),
  'function|list': list,
  'function|load': load,
  'function|restore': restore,
  'function|stats': stats,
} satisfies Handlers;

const FOOTER = 10;

function callFunction(call: Call, readonly: boolean): void {
  const scripting = scriptingOf(call.server);
  const registered = scripting.libraries.functions.get(call.word(1));
  if (registered === undefined) return fail('ERR Function not found');
  if (!/^-?\d{1,18}$/.test(call.arg(2))) return fail('ERR Bad number of keys provided');
  if (call.integer(2) > call.argc - 3) return fail("ERR Number of keys can't be greater than number of args");
  if (call.integer(2) < 0) return fail("ERR Number of keys can't be negative");
  if (readonly && (registered.flags & SCRIPT_NO_WRITES) === 0) {
    return fail('ERR Can not execute a script with write flag using *_ro command.');
  }
  scripting.callFunction(call, registered, readonly);
}

function load(call: Call): void {
  let replace = false;
  for (let i = 2; i < call.argc - 1; i++) {
    if (!call.is(i, 'replace')) return fail(`ERR Unknown option given: ${call.arg(i)}`);
    replace = true;
  }
  const name = scriptingOf(call.server).libraries.load(call.arg(call.argc - 1), replace);
  changed(call);
  call.reply.bulk(name);
}

function remove(call: Call): void {
  if (!scriptingOf(call.server).libraries.remove(call.arg(2))) return fail('ERR Library not found');
  changed(call);
  call.reply.ok();
}

function flush(call: Call): void {
  if (call.argc > 3) throw subcommandSyntaxError(call);
  if (call.argc === 3 && !call.is(2, 'async') && !call.is(2, 'sync')) {
    return fail('ERR FUNCTION FLUSH only supports SYNC|ASYNC option');
  }
  scriptingOf(call.server).libraries.clear();
  changed(call);
  call.reply.ok();
}

function list(call: Call): void {
  let pattern: string | undefined;
  let withCode = false;
  for (let i = 2; i < call.argc; i++) {
    if (!withCode && call.is(i, 'withcode')) withCode = true;
    else if (pattern === undefined && call.is(i, 'libraryname')) {
      if (++i >= call.argc) return fail('ERR library name argument was not given');
      pattern = call.arg(i);
    } else return fail(`ERR Unknown argument ${call.arg(i)}`);
  }
  const all = [...scriptingOf(call.server).libraries.byName.values()];
  const shown = all.filter(({ name }) => pattern === undefined || matchGlob(pattern, name, true));
  call.reply.array(shown.length);
  for (const library of shown) describe(call.reply, library, withCode);
}

function describe(reply: Reply, library: Library, withCode: boolean): void {
  reply.map(withCode ? 4 : 3);
  reply.bulk('library_name');
  reply.bulk(library.name);
  reply.bulk('engine');
  reply.bulk('LUA');
  reply.bulk('functions');
  reply.array(library.functions.size);
  for (const { name, description, flags } of library.functions.values()) {
    reply.map(3);
    reply.bulk('name');
    reply.bulk(name);
    reply.bulk('description');
    if (description === undefined) reply.null();
    else reply.bulk(description);
    reply.bulk('flags');
    const names = Object.keys(SCRIPT_FLAGS).filter((flag) => (flags & SCRIPT_FLAGS[flag]!) !== 0);
    reply.set(names.length);
    for (const flag of names) reply.simple(flag);
  }
  if (!withCode) return;
  reply.bulk('library_code');
  reply.bulk(library.code);
}

function stats(call: Call): void {
  const { reply, server } = call;
  const { libraries, watchdog } = scriptingOf(server);
  watchdog.refuse('script');
  reply.map(2);
  reply.bulk('running_script');
  const running = watchdog.running('function');
  if (running === undefined) reply.null();
  else {
    reply.map(3);
    reply.bulk('name');
    reply.bulk(running.name);
    reply.bulk('command');
    reply.bulks(running.argv);
    reply.bulk('duration_ms');
    reply.integer(running.milliseconds);
  }
  reply.bulk('engines');
  reply.map(1);
  reply.bulk('LUA');
  reply.map(2);
  reply.bulk('libraries_count');
  reply.integer(libraries.byName.size);
  reply.bulk('functions_count');
  reply.integer(libraries.functions.size);
}

function dump(call: Call): void {
  const out = new ByteWriter(true, 256);
  for (const { code } of scriptingOf(call.server).libraries.byName.values()) {
    out.u8(OP_FUNCTION);
    out.text(code);
  }
  out.u16(rdbVersionOf(call.server.settings.version));
  const sum = new Crc64();
  sum.update(out.bytes, 0, out.at);
  out.room(8);
  sum.write(out.bytes, out.at);
  call.reply.bulkBytes(out.bytes, 0, out.at + 8);
}

function restore(call: Call): void {
  if (call.argc > 4) throw subcommandSyntaxError(call);
  const policy = call.argc === 4 ? call.word(3) : 'append';
  if (policy !== 'append' && policy !== 'replace' && policy !== 'flush') {
    return fail('ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.');
  }
  const bytes = Buffer.from(call.arg(2), 'latin1');
  if (!isPayload(call.server, bytes, 0, bytes.length)) return fail('ERR DUMP payload version or checksum are wrong');
  scriptingOf(call.server).libraries.restore(codesIn(bytes), policy);
  changed(call);
  call.reply.ok();
}

function codesIn(bytes: Buffer): string[] {
  const reader = new ByteReader(bytes, 0, bytes.length - FOOTER);
  const codes: string[] = [];
  try {
    while (reader.left > 0) {
      if (reader.u8() !== OP_FUNCTION) return fail('ERR given type is not a function');
      codes.push(reader.text());
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    return fail('ERR failed loading functions payload');
  }
  return codes;
}

function changed(call: Call): void {
  call.db.space.effects.dirty++;
}
