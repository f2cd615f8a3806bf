/** Strings as bitmaps. */

import { block, int, key, many, manyWithToken, oneOf, opt, since, str, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keyAt, keysAt, withNotes } from '../key-specs.ts';
import { count, integer, integerIn, integerOrNull, listOf, zeroOrOne } from '../reply-shapes.ts';

export const bitmapCommands = defineGroup('bitmap', {
  bitcount: {
    since: '2.6.0',
    arity: -2,
    flags: ['readonly'],
    summary: 'Counts the one bits of a string, or of a part of it.',
    complexity: 'O(N), N: bytes looked at',
    keys: [keyAt(1, 'RO', 'access')],
    args: () => [
      key(),
      opt(
        block('index', [
          int('start'),
          int('end'),
          since('7.0.0', opt(oneOf('index_unit', [token('BYTE'), token('BIT')]))),
        ]),
      ),
    ],
    history: [['7.0.0', 'Option `BYTE` or `BIT` says what the range counts in.']],
    reply: count,
  },
  bitfield: {
    since: '3.2.0',
    arity: -2,
    flags: ['write', 'denyoom'],
    summary: 'Reads, sets and increments integers of any width inside a string.',
    complexity: 'O(1) for each operation',
    keys: [
      withNotes(
        'Reads and changes the value; with `GET` alone it only reads.',
        keyAt(1, 'RW', 'access', 'update', 'variable_flags'),
      ),
    ],
    args: () => [
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
    reply: listOf(integerOrNull),
  },
  bitfield_ro: {
    since: '6.0.0',
    arity: -2,
    flags: ['readonly', 'fast'],
    summary: 'Reads integers of any width inside a string.',
    complexity: 'O(1) for each operation',
    keys: [keyAt(1, 'RO', 'access')],
    args: () => [key(), opt(manyWithToken(block('encoding_offset', [str('encoding'), int('offset')], 'GET')))],
    reply: listOf(integer),
  },
  bitop: {
    since: '2.6.0',
    arity: -4,
    flags: ['write', 'denyoom'],
    summary: 'Combines strings bit by bit and stores the result.',
    complexity: 'O(N), N: length of the longest string',
    keys: [keyAt(2, 'OW', 'update'), keysAt(3, { last: -1 }, 'RO', 'access')],
    args: () => [str('operation'), key('destkey'), many(key('key', 1))],
    reply: count,
  },
  bitpos: {
    since: '2.8.7',
    arity: -3,
    flags: ['readonly'],
    summary: 'Finds the first bit that is one, or zero.',
    complexity: 'O(N), N: bytes looked at',
    keys: [keyAt(1, 'RO', 'access')],
    args: () => [
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
    history: [['7.0.0', 'Option `BYTE` or `BIT` says what the range counts in.']],
    reply: integerIn(-1, Infinity),
  },
  getbit: {
    since: '2.2.0',
    arity: 3,
    flags: ['readonly', 'fast'],
    summary: 'Reads the bit at an offset.',
    complexity: 'O(1)',
    keys: [keyAt(1, 'RO', 'access')],
    args: () => [key(), int('offset')],
    reply: zeroOrOne,
  },
  setbit: {
    since: '2.2.0',
    arity: 4,
    flags: ['write', 'denyoom'],
    summary: 'Writes the bit at an offset and returns its old value.',
    complexity: 'O(1)',
    keys: [keyAt(1, 'RW', 'access', 'update')],
    args: () => [key(), int('offset'), int('value')],
    reply: zeroOrOne,
  },
});
