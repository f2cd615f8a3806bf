/** Commands between a primary and its replicas. */

import { block, int, oneOf, opt, str, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { any, bulk, count, either, integer, listOf, ok, simple, tuple } from '../reply-shapes.ts';

export const replicationCommands = defineGroup('server', {
  failover: {
    since: '6.2.0',
    arity: -1,
    flags: ['admin', 'noscript', 'stale'],
    summary: "Hands the primary's role to a replica in an orderly way.",
    complexity: 'O(1)',
    args: () => [
      opt(block('target', [str('host'), int('port'), opt(token('FORCE'))], 'TO')),
      opt(token('ABORT')),
      opt(int('milliseconds', 'TIMEOUT')),
    ],
    reply: ok,
  },
  psync: {
    since: '2.8.0',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    summary: 'Asks a primary for its data and for what changes from there; used by replicas.',
    args: () => [str('replicationid'), int('offset')],
    reply: any,
  },
  replconf: {
    since: '3.0.0',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'allow_busy'],
    summary: 'Tells a primary about its replica; used by replicas.',
    complexity: 'O(1)',
    docFlags: ['syscmd'],
    reply: any,
  },
  replicaof: {
    since: '5.0.0',
    arity: 3,
    flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
    summary: 'Makes the server follow another one, or none.',
    complexity: 'O(1)',
    args: () => [
      oneOf('args', [block('host-port', [str('host'), int('port')]), block('no-one', [token('NO'), token('ONE')])]),
    ],
    reply: simple(),
  },
  role: {
    since: '2.8.12',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'sentinel'],
    categories: ['admin', 'dangerous'],
    summary: 'Tells whether the server is a primary, a replica or a sentinel, and with whom.',
    complexity: 'O(1)',
    reply: either(
      tuple(bulk, count, listOf(tuple(bulk, bulk, bulk))),
      tuple(bulk, bulk, count, bulk, integer),
      tuple(bulk, listOf(bulk)),
    ),
  },
  slaveof: {
    since: '1.0.0',
    arity: 3,
    flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
    summary: 'Makes the server follow another one, under its older name.',
    complexity: 'O(1)',
    args: () => [
      oneOf('args', [block('host-port', [str('host'), int('port')]), block('no-one', [token('NO'), token('ONE')])]),
    ],
    docFlags: ['deprecated'],
    deprecatedSince: '5.0.0',
    replacedBy: '`REPLICAOF`',
    reply: simple(),
  },
  sync: {
    since: '1.0.0',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    summary: 'Asks a primary for its data, in the way of old replicas.',
    reply: any,
  },
});
