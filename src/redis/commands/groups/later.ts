/** Commands of the versions after 7.0; a table has them from the version on that it advertises. */

import { block, int, key, many, oneOf, opt, str, token, unixTime } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keyAt } from '../key-specs.ts';
import { bulk, count, integerIn, listOf, ok, tuple } from '../reply-shapes.ts';
import type { CommandArgument } from '../types.ts';

const fieldList = block('fields', [int('numfields'), many(str('field'))], 'FIELDS');
const condition = opt(oneOf('condition', [token('NX'), token('XX'), token('GT'), token('LT')]));
/** Per field: 2 ended at once, 1 done, 0 condition not met, -2 no such field. */
const expiryOutcomes = listOf(integerIn(-2, 2));
/** Per field: -1 without expiry, -2 no such field. */
const expiryTimes = listOf(integerIn(-2, Infinity));

export const laterHashCommands = defineGroup('hash', {
  hexpire: settingExpiry('Gives fields of a hash a time to live in seconds.', int('seconds')),
  hexpireat: settingExpiry('Lets fields of a hash end at a Unix time in seconds.', unixTime('unix-time-seconds')),
  hexpiretime: readingExpiry('Returns the Unix times in seconds at which fields of a hash end.'),
  hpersist: {
    since: '7.4.0',
    arity: -5,
    flags: ['write', 'fast'],
    summary: 'Takes the time to live off fields of a hash.',
    complexity: 'O(N), N: fields named',
    keys: [keyAt(1, 'RW', 'update')],
    args: () => [key(), fieldList],
    reply: listOf(integerIn(-2, 1)),
  },
  hpexpire: settingExpiry('Gives fields of a hash a time to live in milliseconds.', int('milliseconds')),
  hpexpireat: settingExpiry(
    'Lets fields of a hash end at a Unix time in milliseconds.',
    unixTime('unix-time-milliseconds'),
  ),
  hpexpiretime: readingExpiry('Returns the Unix times in milliseconds at which fields of a hash end.'),
  hpttl: readingExpiry('Returns the time to live of fields of a hash in milliseconds.'),
  httl: readingExpiry('Returns the time to live of fields of a hash in seconds.'),
});

export const laterClientCommands = defineGroup('connection', {
  'client|no-touch': {
    since: '7.2.0',
    arity: 3,
    flags: ['noscript', 'loading', 'stale'],
    summary: "Keeps this connection's commands from marking keys as used.",
    complexity: 'O(1)',
    args: () => [oneOf('enabled', [token('ON'), token('OFF')])],
    reply: ok,
  },
  'client|setinfo': {
    since: '7.2.0',
    arity: 4,
    flags: ['noscript', 'loading', 'stale'],
    tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
    summary: 'Names the client library of this connection, or its version.',
    complexity: 'O(1)',
    args: () => [oneOf('attr', [str('libname', 'LIB-NAME'), str('libver', 'LIB-VER')])],
    reply: ok,
  },
});

export const laterClusterCommands = defineGroup('cluster', {
  'cluster|myshardid': {
    since: '7.2.0',
    arity: 2,
    flags: ['stale'],
    tips: ['nondeterministic_output'],
    summary: "Returns the id of this node's shard.",
    complexity: 'O(1)',
    reply: bulk,
  },
});

export const laterGenericCommands = defineGroup('generic', {
  waitaof: {
    since: '7.2.0',
    arity: 4,
    flags: ['blocking'],
    categories: ['connection'],
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    summary: "Waits until this connection's writes are on disk here and at replicas, and counts both.",
    complexity: 'O(1)',
    args: () => [int('numlocal'), int('numreplicas'), int('timeout')],
    reply: tuple(count, count),
  },
});

function settingExpiry(summary: string, time: CommandArgument) {
  return {
    since: '7.4.0',
    arity: -6,
    flags: ['write', 'denyoom', 'fast'],
    summary,
    complexity: 'O(N), N: fields named',
    keys: [keyAt(1, 'RW', 'update')],
    args: () => [key(), time, condition, fieldList],
    reply: expiryOutcomes,
  } as const;
}

function readingExpiry(summary: string) {
  return {
    since: '7.4.0',
    arity: -5,
    flags: ['readonly', 'fast'],
    summary,
    complexity: 'O(N), N: fields named',
    keys: [keyAt(1, 'RO', 'access')],
    args: () => [key(), fieldList],
    reply: expiryTimes,
  } as const;
}
