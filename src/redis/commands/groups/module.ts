/** MODULE and its sub-commands. */

import { block, many, manyWithToken, opt, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';

export const moduleCommands = defineGroup('server', {
  module: {
    since: '4.0.0',
    arity: -2,
    summary: '',
  },
  'module|help': {
    since: '5.0.0',
    arity: 2,
    flags: ['loading', 'stale'],
    summary: '',
  },
  'module|list': {
    since: '4.0.0',
    arity: 2,
    flags: ['admin', 'noscript'],
    tips: ['nondeterministic_output_order'],
    summary: '',
  },
  'module|load': {
    since: '4.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'protected'],
    summary: '',
    args: [str('path'), opt(many(str('arg')))],
  },
  'module|loadex': {
    since: '7.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'protected'],
    summary: '',
    args: [
      str('path'),
      opt(manyWithToken(block('configs', [str('name'), str('value')], 'CONFIG'))),
      opt(many(block('args', [str('arg')], 'ARGS'))),
    ],
  },
  'module|unload': {
    since: '4.0.0',
    arity: 3,
    flags: ['admin', 'noscript', 'no_async_loading', 'protected'],
    summary: '',
    args: [str('name')],
  },
});
