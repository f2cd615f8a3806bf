/** Sorted sets, third part: unions, intersections and differences. */

import { int, key, many, oneOf, opt, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { countedKeysAt, keyAt } from '../key-specs.ts';
import { count, membersOrPairs } from '../reply-shapes.ts';

export const sortedSetAlgebraCommands = defineGroup('sorted-set', {
  zdiff: {
    since: '6.2.0',
    arity: -3,
    flags: ['readonly'],
    summary: 'Returns what the first sorted set has and the others have not.',
    complexity: 'O(L + (N-K)*log(N)), L: members of all sets, N: of the first, K: of the result',
    keys: [countedKeysAt(1, 'RO', 'access')],
    args: () => [int('numkeys'), many(key()), opt(token('WITHSCORES'))],
    reply: membersOrPairs,
  },
  zdiffstore: {
    since: '6.2.0',
    arity: -4,
    flags: ['write', 'denyoom'],
    summary: 'Stores what the first sorted set has and the others have not.',
    complexity: 'O(L + (N-K)*log(N)), L: members of all sets, N: of the first, K: of the result',
    keys: [keyAt(1, 'OW', 'update'), countedKeysAt(2, 'RO', 'access')],
    args: () => [key('destination'), int('numkeys'), many(key('key', 1))],
    reply: count,
  },
  zinter: {
    since: '6.2.0',
    arity: -3,
    flags: ['readonly'],
    summary: 'Returns what all sorted sets have in common, with combined scores.',
    complexity: 'O(N*K) + O(M*log(M)), N: members of the smallest set, K: sets, M: members of the result',
    keys: [countedKeysAt(1, 'RO', 'access')],
    args: () => [
      int('numkeys'),
      many(key()),
      opt(many(int('weight', 'WEIGHTS'))),
      opt(oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], 'AGGREGATE')),
      opt(token('WITHSCORES')),
    ],
    reply: membersOrPairs,
  },
  zintercard: {
    since: '7.0.0',
    arity: -3,
    flags: ['readonly'],
    summary: 'Counts what all sorted sets have in common, up to a limit.',
    complexity: 'O(N*K), N: members of the smallest set, K: sets',
    keys: [countedKeysAt(1, 'RO', 'access')],
    args: () => [int('numkeys'), many(key()), opt(int('limit', 'LIMIT'))],
    reply: count,
  },
  zinterstore: {
    since: '2.0.0',
    arity: -4,
    flags: ['write', 'denyoom'],
    summary: 'Stores what all sorted sets have in common, with combined scores.',
    complexity: 'O(N*K) + O(M*log(M)), N: members of the smallest set, K: sets, M: members of the result',
    keys: [keyAt(1, 'OW', 'update'), countedKeysAt(2, 'RO', 'access')],
    args: () => [
      key('destination'),
      int('numkeys'),
      many(key('key', 1)),
      opt(many(int('weight', 'WEIGHTS'))),
      opt(oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], 'AGGREGATE')),
    ],
    reply: count,
  },
  zunion: {
    since: '6.2.0',
    arity: -3,
    flags: ['readonly'],
    summary: 'Returns what at least one sorted set has, with combined scores.',
    complexity: 'O(N) + O(M*log(M)), N: members of all sets, M: members of the result',
    keys: [countedKeysAt(1, 'RO', 'access')],
    args: () => [
      int('numkeys'),
      many(key()),
      opt(many(int('weight', 'WEIGHTS'))),
      opt(oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], 'AGGREGATE')),
      opt(token('WITHSCORES')),
    ],
    reply: membersOrPairs,
  },
  zunionstore: {
    since: '2.0.0',
    arity: -4,
    flags: ['write', 'denyoom'],
    summary: 'Stores what at least one sorted set has, with combined scores.',
    complexity: 'O(N) + O(M*log(M)), N: members of all sets, M: members of the result',
    keys: [keyAt(1, 'OW', 'update'), countedKeysAt(2, 'RO', 'access')],
    args: () => [
      key('destination'),
      int('numkeys'),
      many(key('key', 1)),
      opt(many(int('weight', 'WEIGHTS'))),
      opt(oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], 'AGGREGATE')),
    ],
    reply: count,
  },
});
