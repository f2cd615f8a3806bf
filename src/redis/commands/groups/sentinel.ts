/** SENTINEL and its sub-commands, served by a sentinel only. */

import { block, int, many, oneOf, opt, pattern, str, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';

export const sentinelCommands = defineGroup('sentinel', {
  sentinel: {
    since: '2.8.4',
    arity: -2,
    flags: ['admin', 'only_sentinel'],
    summary: '',
  },
  'sentinel|ckquorum': {
    since: '2.8.4',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name')],
  },
  'sentinel|config': {
    since: '6.2.0',
    arity: -3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [
      oneOf('set_or_get', [
        many(block('set_param_value', [str('parameter'), str('value')], 'SET')),
        many(str('parameter', 'GET')),
      ]),
    ],
  },
  'sentinel|debug': {
    since: '7.0.0',
    arity: -2,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [many(block('parameter_value', [str('parameter'), str('value')]))],
  },
  'sentinel|failover': {
    since: '2.8.4',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name')],
  },
  'sentinel|flushconfig': {
    since: '2.8.4',
    arity: 2,
    flags: ['admin', 'only_sentinel'],
    summary: '',
  },
  'sentinel|get-master-addr-by-name': {
    since: '2.8.4',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name')],
  },
  'sentinel|help': {
    since: '6.2.0',
    arity: 2,
    flags: ['loading', 'stale', 'only_sentinel'],
    summary: '',
  },
  'sentinel|info-cache': {
    since: '3.2.0',
    arity: -3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [many(str('nodename'))],
  },
  'sentinel|is-master-down-by-addr': {
    since: '2.8.4',
    arity: 6,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('ip'), int('port'), int('current-epoch'), str('runid')],
  },
  'sentinel|master': {
    since: '2.8.4',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name')],
  },
  'sentinel|masters': {
    since: '2.8.4',
    arity: 2,
    flags: ['admin', 'only_sentinel'],
    summary: '',
  },
  'sentinel|monitor': {
    since: '2.8.4',
    arity: 6,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('name'), str('ip'), int('port'), int('quorum')],
  },
  'sentinel|myid': {
    since: '6.2.0',
    arity: 2,
    flags: ['admin', 'only_sentinel'],
    summary: '',
  },
  'sentinel|pending-scripts': {
    since: '2.8.4',
    arity: 2,
    flags: ['admin', 'only_sentinel'],
    summary: '',
  },
  'sentinel|remove': {
    since: '2.8.4',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name')],
  },
  'sentinel|replicas': {
    since: '5.0.0',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name')],
  },
  'sentinel|reset': {
    since: '2.8.4',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [pattern('pattern')],
  },
  'sentinel|sentinels': {
    since: '2.8.4',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name')],
  },
  'sentinel|set': {
    since: '2.8.4',
    arity: -5,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name'), many(block('option_value', [str('option'), str('value')]))],
  },
  'sentinel|simulate-failure': {
    since: '3.2.0',
    arity: -3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [
      opt(
        many(oneOf('mode', [token('', 'crash-after-election'), token('', 'crash-after-promotion'), token('', 'help')])),
      ),
    ],
  },
  'sentinel|slaves': {
    since: '2.8.0',
    arity: 3,
    flags: ['admin', 'only_sentinel'],
    summary: '',
    args: [str('master-name')],
    docFlags: ['deprecated'],
    deprecatedSince: '5.0.0',
    replacedBy: '',
  },
});
