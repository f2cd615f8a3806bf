/** Sorted sets, third part: unions, intersections and differences. */

import { int, key, many, oneOf, opt, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { countedKeysAt, keyAt } from '../key-specs.ts';

export const sortedSetAlgebraCommands = defineGroup('sorted-set', {
  zdiff: {
    since: '6.2.0',
    arity: -3,
    flags: ['readonly'],
    summary: '',
    keys: [countedKeysAt(1, 'RO', 'access')],
    args: [int('numkeys'), many(key()), opt(token('WITHSCORES'))],
  },
  zdiffstore: {
    since: '6.2.0',
    arity: -4,
    flags: ['write', 'denyoom'],
    summary: '',
    keys: [keyAt(1, 'OW', 'update'), countedKeysAt(2, 'RO', 'access')],
    args: [key('destination'), int('numkeys'), many(key('key', 1))],
  },
  zinter: {
    since: '6.2.0',
    arity: -3,
    flags: ['readonly'],
    summary: '',
    keys: [countedKeysAt(1, 'RO', 'access')],
    args: [
      int('numkeys'),
      many(key()),
      opt(many(int('weight', 'WEIGHTS'))),
      opt(oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], 'AGGREGATE')),
      opt(token('WITHSCORES')),
    ],
  },
  zintercard: {
    since: '7.0.0',
    arity: -3,
    flags: ['readonly'],
    summary: '',
    keys: [countedKeysAt(1, 'RO', 'access')],
    args: [int('numkeys'), many(key()), opt(int('limit', 'LIMIT'))],
  },
  zinterstore: {
    since: '2.0.0',
    arity: -4,
    flags: ['write', 'denyoom'],
    summary: '',
    keys: [keyAt(1, 'OW', 'update'), countedKeysAt(2, 'RO', 'access')],
    args: [
      key('destination'),
      int('numkeys'),
      many(key('key', 1)),
      opt(many(int('weight', 'WEIGHTS'))),
      opt(oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], 'AGGREGATE')),
    ],
  },
  zunion: {
    since: '6.2.0',
    arity: -3,
    flags: ['readonly'],
    summary: '',
    keys: [countedKeysAt(1, 'RO', 'access')],
    args: [
      int('numkeys'),
      many(key()),
      opt(many(int('weight', 'WEIGHTS'))),
      opt(oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], 'AGGREGATE')),
      opt(token('WITHSCORES')),
    ],
  },
  zunionstore: {
    since: '2.0.0',
    arity: -4,
    flags: ['write', 'denyoom'],
    summary: '',
    keys: [keyAt(1, 'OW', 'update'), countedKeysAt(2, 'RO', 'access')],
    args: [
      key('destination'),
      int('numkeys'),
      many(key('key', 1)),
      opt(many(int('weight', 'WEIGHTS'))),
      opt(oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], 'AGGREGATE')),
    ],
  },
});
