/** HyperLogLog. */

import { key, many, opt, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keyAt, keysAt, withNotes } from '../key-specs.ts';
import { any, count, ok, zeroOrOne } from '../reply-shapes.ts';

export const hyperloglogCommands = defineGroup('hyperloglog', {
  pfadd: {
    since: '2.8.9',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    summary: 'Adds elements to a HyperLogLog.',
    complexity: 'O(1) for each element',
    keys: [keyAt(1, 'RW', 'insert')],
    args: () => [key(), opt(many(str('element')))],
    reply: zeroOrOne,
  },
  pfcount: {
    since: '2.8.9',
    arity: -2,
    flags: ['readonly', 'may_replicate'],
    summary: 'Estimates how many different elements one or several HyperLogLogs have seen.',
    complexity: 'O(1) for one key; O(N) for N keys, with a large constant',
    keys: [
      withNotes(
        'The cached count inside the value may change, which replicas have to learn.',
        keysAt(1, { last: -1 }, 'RW', 'access'),
      ),
    ],
    args: () => [many(key())],
    reply: count,
  },
  pfdebug: {
    since: '2.8.9',
    arity: 3,
    flags: ['write', 'denyoom', 'admin'],
    summary: "Shows the inside of a HyperLogLog, for Redis' own tests.",
    complexity: 'O(1), but for internal use',
    keys: [keyAt(2, 'RW', 'access')],
    args: () => [str('subcommand'), key()],
    docFlags: ['syscmd'],
    reply: any,
  },
  pfmerge: {
    since: '2.8.9',
    arity: -2,
    flags: ['write', 'denyoom'],
    summary: 'Merges HyperLogLogs into one.',
    complexity: 'O(N), N: keys, with a large constant',
    keys: [keyAt(1, 'RW', 'access', 'insert'), keysAt(2, { last: -1 }, 'RO', 'access')],
    args: () => [key('destkey'), many(key('sourcekey', 1))],
    reply: ok,
  },
  pfselftest: {
    since: '2.8.9',
    arity: 1,
    flags: ['admin'],
    summary: 'Runs the self-test of the HyperLogLog code.',
    complexity: 'O(1), but takes seconds',
    docFlags: ['syscmd'],
    reply: ok,
  },
});
