/** CONFIG with its sub-commands, and DEBUG. */

import { block, many, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';

export const configCommands = defineGroup('server', {
  config: {
    since: '2.0.0',
    arity: -2,
    summary: '',
  },
  'config|get': {
    since: '2.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    summary: '',
    args: [many(block('parameter', [str('parameter')]))],
  },
  'config|help': {
    since: '5.0.0',
    arity: 2,
    flags: ['loading', 'stale'],
    summary: '',
  },
  'config|resetstat': {
    since: '2.0.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    summary: '',
  },
  'config|rewrite': {
    since: '2.8.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    summary: '',
  },
  'config|set': {
    since: '2.0.0',
    arity: -4,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
    summary: '',
    args: [many(block('parameter_value', [str('parameter'), str('value')]))],
  },
  debug: {
    since: '1.0.0',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'protected'],
    summary: '',
    docFlags: ['syscmd'],
  },
});
