/** HyperLogLog. */

import { key, many, opt, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keyAt, keysAt, withNotes } from '../key-specs.ts';

export const hyperloglogCommands = defineGroup('hyperloglog', {
  pfadd: {
    since: '2.8.9',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    summary: '',
    keys: [keyAt(1, 'RW', 'insert')],
    args: [key(), opt(many(str('element')))],
  },
  pfcount: {
    since: '2.8.9',
    arity: -2,
    flags: ['readonly', 'may_replicate'],
    summary: '',
    keys: [withNotes('Notes.', keysAt(1, { last: -1 }, 'RW', 'access'))],
    args: [many(key())],
  },
  pfdebug: {
    since: '2.8.9',
    arity: 3,
    flags: ['write', 'denyoom', 'admin'],
    summary: '',
    keys: [keyAt(2, 'RW', 'access')],
    args: [str('subcommand'), key()],
    docFlags: ['syscmd'],
  },
  pfmerge: {
    since: '2.8.9',
    arity: -2,
    flags: ['write', 'denyoom'],
    summary: '',
    keys: [keyAt(1, 'RW', 'access', 'insert'), keysAt(2, { last: -1 }, 'RO', 'access')],
    args: [key('destkey'), many(key('sourcekey', 1))],
  },
  pfselftest: {
    since: '2.8.9',
    arity: 1,
    flags: ['admin'],
    summary: '',
    docFlags: ['syscmd'],
  },
});
