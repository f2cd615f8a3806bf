/** Commands between a primary and its replicas. */

import { block, int, oneOf, opt, str, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';

export const replicationCommands = defineGroup('server', {
  failover: {
    since: '6.2.0',
    arity: -1,
    flags: ['admin', 'noscript', 'stale'],
    summary: '',
    args: [
      opt(block('target', [str('host'), int('port'), opt(token('FORCE'))], 'TO')),
      opt(token('ABORT')),
      opt(int('milliseconds', 'TIMEOUT')),
    ],
  },
  psync: {
    since: '2.8.0',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    summary: '',
    args: [str('replicationid'), int('offset')],
  },
  replconf: {
    since: '3.0.0',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'allow_busy'],
    summary: '',
    docFlags: ['syscmd'],
  },
  replicaof: {
    since: '5.0.0',
    arity: 3,
    flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
    summary: '',
    args: [
      oneOf('args', [block('host-port', [str('host'), int('port')]), block('no-one', [token('NO'), token('ONE')])]),
    ],
  },
  role: {
    since: '2.8.12',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'sentinel'],
    categories: ['admin', 'dangerous'],
    summary: '',
  },
  slaveof: {
    since: '1.0.0',
    arity: 3,
    flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
    summary: '',
    args: [
      oneOf('args', [block('host-port', [str('host'), int('port')]), block('no-one', [token('NO'), token('ONE')])]),
    ],
    docFlags: ['deprecated'],
    deprecatedSince: '5.0.0',
    replacedBy: '',
  },
  sync: {
    since: '1.0.0',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    summary: '',
  },
});
