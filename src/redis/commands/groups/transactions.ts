/** Transactions. */

import { key, many } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keysAt } from '../key-specs.ts';

export const transactionsCommands = defineGroup('transactions', {
  discard: {
    since: '2.0.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    summary: '',
  },
  exec: {
    since: '1.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    summary: '',
  },
  multi: {
    since: '1.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    summary: '',
  },
  unwatch: {
    since: '2.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    summary: '',
  },
  watch: {
    since: '2.2.0',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    summary: '',
    keys: [keysAt(1, { last: -1 }, 'RO')],
    args: [many(key())],
  },
});
