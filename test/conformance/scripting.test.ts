/** Lua scripts and functions on redis-server and on ours: language, libraries, replies, errors, flags. */
import { conformance } from './runner.ts';
import type { RowItem } from './runner.ts';
import { functionCommands, scriptCommands } from './scripting-commands.ts';
import { scripts } from './scripting-scripts.ts';

const PER_ROW = 25;

const rows: Record<string, readonly RowItem[]> = {};
for (const [topic, list] of Object.entries(scripts)) {
  for (let from = 0; from < list.length; from += PER_ROW) {
    rows[`${topic} ${from / PER_ROW + 1}`] = list.slice(from, from + PER_ROW).map((script) => ['EVAL', script, '0']);
  }
}

conformance('scripts', rows, { setup: ['SCRIPT FLUSH'] });

conformance(
  'functions and flags',
  {
    // Libraries are listed in the order of a hash table with a random seed.
    'libraries and functions': functionCommands.map((send) => ({
      send,
      grade: send[1] === 'LIST' ? 'unordered' : 'exact',
    })),
    'a library dumped, restored and replaced': [
      ['FUNCTION', 'LOAD', "#!lua name=one\nredis.register_function('first', function() return 1 end)"],
      'FUNCTION DUMP',
      'FUNCTION RESTORE junk',
      'FUNCTION RESTORE junk junk',
      'function restore junk append more',
      'FUNCTION FLUSH now',
      'FUNCTION flush sync now',
      'DEBUG RELOAD NOFLUSH',
      'DEBUG RELOAD NOFLUSH MERGE',
      'FCALL first 0',
      'FUNCTION FLUSH',
      'FCALL first 0',
    ],
    'the first line of a library': [
      ['FUNCTION', 'LOAD', '#!lua name="quoted"\nredis.register_function("q", function() return 1 end)'],
      ['FUNCTION', 'LOAD', '#!LUA NAME=upper\nredis.register_function("u", function() return 1 end)'],
      ['FUNCTION', 'LOAD', '#!lua name="open\nredis.register_function("o", function() return 1 end)'],
      ['FUNCTION', 'LOAD', '#! lua name=apart\nredis.register_function("a", function() return 1 end)'],
      ['FUNCTION', 'LOAD', "#!lua 'name=single' name=twice\nreturn 1"],
      ['FUNCTION', 'LOAD', '#!lua name=late\nwhile true do end'],
      'FCALL q 0',
    ],
    'tables that answer for themselves': [
      ['EVAL', 'return _G', '0'],
      ['EVAL', 'return setmetatable({}, {__index=function() error("asked") end})', '0'],
      ['EVAL', 'return setmetatable({5}, {__index=function(t,k) return k==2 and 6 or nil end})', '0'],
      ['EVAL', 'return setmetatable({}, {__index={ok="yes", err="no"}})', '0'],
      ['EVAL', 'return {double=1.5, map={a=1}, set={a=true}}', '0'],
      ['EVAL', 'return {big_number="1", verbatim_string={format="txt", string="s"}}', '0'],
      ['EVAL', 'redis.setresp(3) return {true, false}', '0'],
    ],
    bytecode: [
      ['EVAL', 'return loadstring(string.dump(function() return 1 end))()', '0'],
      ['EVAL', 'local f, e = loadstring("\x1bLua", "=name") return {tostring(f), e}', '0'],
      ['EVAL', 'return string.dump(redis.call)', '0'],
      ['EVAL', 'return string.dump(1)', '0'],
    ],
    'a set without an order of its own': [
      'SADD set b c a azz aa',
      ['EVAL', 'return redis.call("sort", KEYS[1], "by", "_")', '1', 'set'],
      ['EVAL', 'return redis.call("sort", KEYS[1], "by", "_", "desc", "get", "#")', '1', 'set'],
    ],
    'commands that scripts may not run': [
      ['EVAL', 'return redis.call("debug", "protocol", "string")', '0'],
      'DEBUG SET-DISABLE-DENY-SCRIPTS 1',
      ['EVAL', 'return redis.call("debug", "protocol", "string")', '0'],
      ['EVAL', 'return redis.call("debug", "protocol", "false")', '0'],
      ['EVAL', 'redis.setresp(3) return redis.call("debug", "protocol", "false")', '0'],
      'DEBUG SET-DISABLE-DENY-SCRIPTS 0',
      ['EVAL', 'return redis.call("debug", "protocol", "string")', '0'],
    ],
    'a key past its time': [
      'DEBUG SET-ACTIVE-EXPIRE 0',
      'SET gone v PXAT 1',
      'SET k v PX 1',
      'DEBUG SLEEP 0.01',
      { send: 'DEBUG OBJECT k', grade: 'type' },
      ['EVAL', 'return redis.call("exists", "k")', '0'],
      'DEBUG OBJECT k',
      'DEBUG SET-ACTIVE-EXPIRE 1',
    ],
    'scripts by text and by SHA1': scriptCommands,
    'the cache and help': [
      ['EVALSHA_RO', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', '0'],
      ['SCRIPT', 'EXISTS', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', 'x'],
      ['EVAL', 'return 1', '0'],
      ['SCRIPT', 'EXISTS', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', 'X'],
      ['EVALSHA_RO', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db', '0'],
      { send: ['SCRIPT', 'HELP'], grade: 'type' },
      { send: ['FUNCTION', 'HELP'], grade: 'type' },
    ],
    'keys and arguments': [
      ['EVAL', 'return {KEYS,ARGV,#KEYS,#ARGV}', '2', 'a', 'b', 'c\0d', ''],
      ['EVAL', 'return redis.call("set",KEYS[1],ARGV[1])', '1', 'k', 'v\0w'],
      'GET k',
      ['EVAL_RO', 'return redis.call("get",KEYS[1])', '1', 'k'],
      ['EVAL', 'return redis.call("get","undeclared")', '0'],
    ],
    'inside a transaction': [
      'MULTI',
      ['EVAL', 'redis.call("set","a",1) return redis.call("incr","a")', '0'],
      ['EVAL', 'return redis.call("nosuch")', '0'],
      'EVALSHA nosuch 0',
      'EXEC',
      'GET a',
    ],
    'a script feeds a waiting client once': [
      { send: 'BLPOP list 0', by: 1, deferred: true },
      ['EVAL', 'redis.call("rpush","list","a","b") return redis.call("llen","list")', '0'],
      { await: 1 },
      'LRANGE list 0 -1',
    ],
  },
  { setup: ['FUNCTION FLUSH', 'SCRIPT FLUSH'] },
);
