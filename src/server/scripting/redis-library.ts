// The `redis` table: call, pcall, replies, logging, protocol and replication switches.

import type { Scripting } from './engine.ts';
import { sha1 } from './sha1.ts';
import { formatNumber, toNumber } from './lua/numbers.ts';
import { LuaTable } from './lua/table.ts';
import { LuaError, NOTHING } from './lua/values.ts';
import type { LuaFunction, LuaValue } from './lua/values.ts';
import { errorTable } from './invoker.ts';
import { single } from './reply.ts';

const VERSION = [7, 0, 15] as const;
const LEVELS = ['LOG_DEBUG', 'LOG_VERBOSE', 'LOG_NOTICE', 'LOG_WARNING'];
const REPLICATION = { REPL_NONE: 0, REPL_AOF: 1, REPL_REPLICA: 2, REPL_SLAVE: 2, REPL_ALL: 3 };

export function redisLibrary(scripting: Scripting): LuaTable {
  const { machine, invoker } = scripting;

  const fail = failure(scripting);

  const functions: Record<string, LuaFunction> = {
    call: (...args) => invoker.invoke(args, true),
    pcall: (...args) => invoker.invoke(args, false),
    error_reply: (...args) => {
      const [text] = args;
      if (args.length !== 1 || typeof text !== 'string') {
        return single('err', 'ERR wrong number or type of arguments');
      }
      const bare = text.startsWith('-') ? text.slice(1) : text;
      return single('err', bare.includes(' ') ? bare : `ERR ${bare}`);
    },
    status_reply: (...args) => {
      const [text] = args;
      if (args.length !== 1 || typeof text !== 'string') {
        return single('err', 'ERR wrong number or type of arguments');
      }
      return single('ok', text);
    },
    sha1hex: (...args) => {
      if (args.length !== 1) return fail('wrong number of arguments');
      const [text] = args;
      return sha1(typeof text === 'number' ? formatNumber(text) : typeof text === 'string' ? text : '');
    },
    log: logFunction(scripting),
    setresp: (...args) => {
      if (args.length !== 1) return fail('redis.setresp() requires one argument.');
      const version = toNumber(args[0]);
      if (version !== 2 && version !== 3) return fail('RESP version must be 2 or 3.');
      machine.resp3 = version === 3;
      invoker.reply.resp3 = version === 3;
      return NOTHING;
    },
    set_repl: (...args) => {
      if (args.length !== 1) return fail('redis.set_repl() requires one argument.');
      const flags = toNumber(args[0]);
      if (flags === undefined || (flags & ~3) !== 0) {
        return fail('Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.');
      }
      invoker.replication = flags;
      return NOTHING;
    },
    replicate_commands: () => true,
    breakpoint: () => false,
    debug: () => NOTHING,
    acl_check_cmd: (...args) => {
      if (args.length === 0) return fail('Please specify at least one argument for this redis lib call');
      if (!args.every(isText)) return fail('Lua redis lib command arguments must be strings or integers');
      const argv = args.map((arg) => (typeof arg === 'number' ? formatNumber(arg) : (arg as string)));
      if (invoker.find(argv) === undefined) return fail('Invalid command passed to redis.acl_check_cmd()');
      return invoker.mayCall(argv);
    },
  };
  const table = new LuaTable();
  for (const [name, f] of Object.entries(functions)) table.set(name, f);
  for (const [name, value] of redisConstants()) table.set(name, value);
  for (const [name, value] of Object.entries(REPLICATION)) table.set(name, value);
  return table;
}

function isText(value: LuaValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** Levels and versions, which libraries see while they are loaded. */
export function redisConstants(): readonly (readonly [string, LuaValue])[] {
  return [
    ...LEVELS.map((name, level) => [name, level] as const),
    ['REDIS_VERSION', VERSION.join('.')],
    ['REDIS_VERSION_NUM', (VERSION[0] << 16) | (VERSION[1] << 8) | VERSION[2]],
  ];
}

/** Errors of this library are tables with an `err` field and no position. */
function failure({ server, machine }: Scripting): (message: string) => never {
  return (message) => {
    server.countError(`ERR ${message}`);
    throw new LuaError(errorTable(`ERR ${message}`), machine.line);
  };
}

export function logFunction(scripting: Scripting): LuaFunction {
  const fail = failure(scripting);
  return (...args) => {
    if (args.length < 2) return fail('redis.log() requires two arguments or more.');
    const level = toNumber(args[0]);
    if (level === undefined) return fail('First argument must be a number (log level).');
    if (level < 0 || level >= LEVELS.length) return fail('Invalid debug level.');
    scripting.server.log(args.slice(1).filter(isText).map(String).join(' '));
    return NOTHING;
  };
}

/** An error value as text. */
export function errorText(value: LuaValue): string {
  if (typeof value === 'number') return formatNumber(value);
  if (value === undefined) return 'nil';
  return typeof value === 'object' || typeof value === 'function' ? 'unknown error' : String(value);
}
