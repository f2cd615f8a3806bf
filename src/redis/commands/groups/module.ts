/** MODULE and its sub-commands. */

import { block, many, manyWithToken, opt, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { any, bulk, help, listOf, mapOf, ok } from '../reply-shapes.ts';

export const moduleCommands = defineGroup('server', {
  module: {
    since: '4.0.0',
    arity: -2,
    summary: 'Manages loaded modules.',
    complexity: 'Depends on the sub-command.',
  },
  'module|help': {
    since: '5.0.0',
    arity: 2,
    flags: ['loading', 'stale'],
    summary: 'Lists the sub-commands of MODULE.',
    complexity: 'O(1)',
    reply: help,
  },
  'module|list': {
    since: '4.0.0',
    arity: 2,
    flags: ['admin', 'noscript'],
    tips: ['nondeterministic_output_order'],
    summary: 'Lists the modules that are loaded.',
    complexity: 'O(N), N: modules',
    reply: listOf(mapOf(bulk, any)),
  },
  'module|load': {
    since: '4.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'protected'],
    summary: 'Loads a module from a file.',
    complexity: 'O(1)',
    args: () => [str('path'), opt(many(str('arg')))],
    reply: ok,
  },
  'module|loadex': {
    since: '7.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'protected'],
    summary: 'Loads a module from a file, with settings.',
    complexity: 'O(1)',
    args: () => [
      str('path'),
      opt(manyWithToken(block('configs', [str('name'), str('value')], 'CONFIG'))),
      opt(many(block('args', [str('arg')], 'ARGS'))),
    ],
    reply: ok,
  },
  'module|unload': {
    since: '4.0.0',
    arity: 3,
    flags: ['admin', 'noscript', 'no_async_loading', 'protected'],
    summary: 'Takes a module out again.',
    complexity: 'O(1)',
    args: () => [str('name')],
    reply: ok,
  },
});
