// The `redis` table: call, pcall, replies, logging, protocol and replication switches.

import type { Scripting } from './engine.ts';
import { sha1 } from './engine.ts';
import { formatNumber, toNumber } from './lua/numbers.ts';
import { LuaTable } from './lua/table.ts';
import { LuaError, NOTHING } from './lua/values.ts';
import type { LuaFunction, LuaValue } from './lua/values.ts';
import { single } from './reply.ts';

const VERSION = [7, 0, 15] as const;
const LEVELS = ['LOG_DEBUG', 'LOG_VERBOSE', 'LOG_NOTICE', 'LOG_WARNING'];
const REPLICATION = { REPL_NONE: 0, REPL_AOF: 1, REPL_REPLICA: 2, REPL_SLAVE: 2, REPL_ALL: 3 };

export function redisLibrary(scripting: Scripting): LuaTable {
  const { machine, invoker, server } = scripting;

  /** Errors of this library are tables with an `err` field and no position. */
  function fail(message: string): never {
    server.countError(`ERR ${message}`);
    const error = single('err', `ERR ${message}`);
    error.set('ignore_error_stats_update', true);
    throw new LuaError(error, machine.line);
  }

  const functions: Record<string, LuaFunction> = {
    call: (...args) => invoker.invoke(args, true),
    pcall: (...args) => invoker.invoke(args, false),
    error_reply: (...args) => {
      const [text] = args;
      if (args.length !== 1 || (typeof text !== 'string' && typeof text !== 'number')) {
        return single('err', 'ERR wrong number or type of arguments');
      }
      const message = String(text);
      const bare = message.startsWith('-') ? message.slice(1) : message;
      return single('err', bare.includes(' ') ? bare : `ERR ${bare}`);
    },
    status_reply: (...args) => {
      const [text] = args;
      if (args.length !== 1 || (typeof text !== 'string' && typeof text !== 'number')) {
        return single('err', 'ERR wrong number or type of arguments');
      }
      return single('ok', String(text));
    },
    sha1hex: (...args) => {
      if (args.length !== 1) return fail('wrong number of arguments');
      const [text] = args;
      return sha1(typeof text === 'number' ? formatNumber(text) : typeof text === 'string' ? text : '');
    },
    log: (...args) => {
      if (args.length < 2) return fail('redis.log() requires two arguments or more.');
      const level = args[0];
      if (typeof level !== 'number' && toNumber(level) === undefined)
        return fail('First argument must be a number (log level).');
      const number = Math.trunc(toNumber(level)!);
      if (number < 0 || number > 3) return fail('Invalid debug level.');
      server.log(args.slice(1).filter(isText).map(String).join(' '));
      return NOTHING;
    },
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
      if (!args.every(isText)) return fail('redis.acl_check_cmd() requires all arguments to be strings or numbers');
      const argv = args.map((arg) => (typeof arg === 'number' ? formatNumber(arg) : (arg as string)));
      if (invoker.find(argv) === undefined) return fail('Invalid command passed to redis.acl_check_cmd()');
      return invoker.mayCall(argv);
    },
  };
  const table = new LuaTable();
  for (const [name, f] of Object.entries(functions)) table.set(name, f);
  for (const [level, name] of LEVELS.entries()) table.set(name, level);
  for (const [name, value] of Object.entries(REPLICATION)) table.set(name, value);
  table.set('REDIS_VERSION', VERSION.join('.'));
  table.set('REDIS_VERSION_NUM', (VERSION[0] << 16) | (VERSION[1] << 8) | VERSION[2]);
  return table;
}

function isText(value: LuaValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
