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
      'FUNCTION FLUSH',
      'FCALL first 0',
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
