/** Transactions. */

import { key, many } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keysAt } from '../key-specs.ts';
import { any, either, listOf, nullArray, ok } from '../reply-shapes.ts';

export const transactionsCommands = defineGroup('transactions', {
  discard: {
    since: '2.0.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    summary: 'Drops the queued commands and leaves the transaction.',
    complexity: 'O(N), N: commands queued',
    reply: ok,
  },
  exec: {
    since: '1.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    summary: 'Runs the queued commands as one; null when a watched key has changed.',
    complexity: 'Depends on the queued commands.',
    reply: either(listOf(any), nullArray),
  },
  multi: {
    since: '1.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    summary: 'Starts a transaction: what follows is queued.',
    complexity: 'O(1)',
    reply: ok,
  },
  unwatch: {
    since: '2.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    summary: 'Stops watching all keys.',
    complexity: 'O(1)',
    reply: ok,
  },
  watch: {
    since: '2.2.0',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    summary: 'Watches keys: the next EXEC does nothing if one of them changes.',
    complexity: 'O(N), N: keys',
    keys: [keysAt(1, { last: -1 }, 'RO')],
    args: () => [many(key())],
    reply: ok,
  },
});
