/** Server commands that act on the whole data set: saving, flushing, swapping, stopping. */

import { int, key, oneOf, opt, since, str, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keyAt } from '../key-specs.ts';

export const serverCommands = defineGroup('server', {
  bgrewriteaof: {
    since: '1.0.0',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    summary: '',
  },
  bgsave: {
    since: '1.0.0',
    arity: -1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    summary: '',
    args: [since('3.2.2', opt(token('SCHEDULE')))],
  },
  flushall: {
    since: '1.0.0',
    arity: -1,
    flags: ['write'],
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    summary: '',
    args: [opt(oneOf('async', [since('4.0.0', token('ASYNC')), since('6.2.0', token('SYNC'))]))],
  },
  flushdb: {
    since: '1.0.0',
    arity: -1,
    flags: ['write'],
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    summary: '',
    args: [opt(oneOf('async', [since('4.0.0', token('ASYNC')), since('6.2.0', token('SYNC'))]))],
  },
  lastsave: {
    since: '1.0.0',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    tips: ['nondeterministic_output'],
    summary: '',
  },
  'restore-asking': {
    since: '3.0.0',
    arity: -4,
    flags: ['write', 'denyoom', 'asking'],
    categories: ['keyspace', 'dangerous'],
    summary: '',
    keys: [keyAt(1, 'OW', 'update')],
    args: [
      key(),
      int('ttl'),
      str('serialized-value'),
      since('3.0.0', opt(token('REPLACE'))),
      since('5.0.0', opt(token('ABSTTL'))),
      since('5.0.0', opt(int('seconds', 'IDLETIME'))),
      since('5.0.0', opt(int('frequency', 'FREQ'))),
    ],
    docFlags: ['syscmd'],
  },
  save: {
    since: '1.0.0',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    summary: '',
  },
  shutdown: {
    since: '1.0.0',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy', 'sentinel'],
    summary: '',
    args: [
      opt(oneOf('nosave_save', [token('NOSAVE'), token('SAVE')])),
      since('7.0.0', opt(token('NOW'))),
      since('7.0.0', opt(token('FORCE'))),
      since('7.0.0', opt(token('ABORT'))),
    ],
  },
  swapdb: {
    since: '4.0.0',
    arity: 3,
    flags: ['write', 'fast'],
    categories: ['keyspace', 'dangerous'],
    summary: '',
    args: [int('index1'), int('index2')],
  },
});
