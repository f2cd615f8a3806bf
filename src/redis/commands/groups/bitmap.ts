/** Strings as bitmaps. */

import { block, int, key, many, manyWithToken, oneOf, opt, since, str, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keyAt, keysAt, withNotes } from '../key-specs.ts';

export const bitmapCommands = defineGroup('bitmap', {
  bitcount: {
    since: '2.6.0',
    arity: -2,
    flags: ['readonly'],
    summary: '',
    keys: [keyAt(1, 'RO', 'access')],
    args: [
      key(),
      opt(
        block('index', [
          int('start'),
          int('end'),
          since('7.0.0', opt(oneOf('index_unit', [token('BYTE'), token('BIT')]))),
        ]),
      ),
    ],
  },
  bitfield: {
    since: '3.2.0',
    arity: -2,
    flags: ['write', 'denyoom'],
    summary: '',
    keys: [withNotes('Notes.', keyAt(1, 'RW', 'access', 'update', 'variable_flags'))],
    args: [
      key(),
      opt(
        many(
          oneOf('operation', [
            block('encoding_offset', [str('encoding'), int('offset')], 'GET'),
            block('write', [
              opt(oneOf('wrap_sat_fail', [token('WRAP'), token('SAT'), token('FAIL')], 'OVERFLOW')),
              oneOf('write_operation', [
                block('encoding_offset_value', [str('encoding'), int('offset'), int('value')], 'SET'),
                block('encoding_offset_increment', [str('encoding'), int('offset'), int('increment')], 'INCRBY'),
              ]),
            ]),
          ]),
        ),
      ),
    ],
  },
  bitfield_ro: {
    since: '6.0.0',
    arity: -2,
    flags: ['readonly', 'fast'],
    summary: '',
    keys: [keyAt(1, 'RO', 'access')],
    args: [key(), opt(manyWithToken(block('encoding_offset', [str('encoding'), int('offset')], 'GET')))],
  },
  bitop: {
    since: '2.6.0',
    arity: -4,
    flags: ['write', 'denyoom'],
    summary: '',
    keys: [keyAt(2, 'OW', 'update'), keysAt(3, { last: -1 }, 'RO', 'access')],
    args: [str('operation'), key('destkey'), many(key('key', 1))],
  },
  bitpos: {
    since: '2.8.7',
    arity: -3,
    flags: ['readonly'],
    summary: '',
    keys: [keyAt(1, 'RO', 'access')],
    args: [
      key(),
      int('bit'),
      opt(
        block('index', [
          int('start'),
          opt(
            block('end_index', [int('end'), since('7.0.0', opt(oneOf('index_unit', [token('BYTE'), token('BIT')])))]),
          ),
        ]),
      ),
    ],
  },
  getbit: {
    since: '2.2.0',
    arity: 3,
    flags: ['readonly', 'fast'],
    summary: '',
    keys: [keyAt(1, 'RO', 'access')],
    args: [key(), int('offset')],
  },
  setbit: {
    since: '2.2.0',
    arity: 4,
    flags: ['write', 'denyoom'],
    summary: '',
    keys: [keyAt(1, 'RW', 'access', 'update')],
    args: [key(), int('offset'), int('value')],
  },
});
