/** CONFIG with its sub-commands, and DEBUG. */

import { block, many, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { any, bulk, help, mapOf, ok } from '../reply-shapes.ts';

export const configCommands = defineGroup('server', {
  config: {
    since: '2.0.0',
    arity: -2,
    summary: "Reads and changes the server's settings.",
    complexity: 'Depends on the sub-command.',
  },
  'config|get': {
    since: '2.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    summary: 'Reads settings by name or glob pattern.',
    complexity: 'O(N), N: parameters named',
    args: () => [many(block('parameter', [str('parameter')]))],
    history: [['7.0.0', 'Takes several patterns.']],
    reply: mapOf(bulk, bulk),
  },
  'config|help': {
    since: '5.0.0',
    arity: 2,
    flags: ['loading', 'stale'],
    summary: 'Lists the sub-commands of CONFIG.',
    complexity: 'O(1)',
    reply: help,
  },
  'config|resetstat': {
    since: '2.0.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    summary: 'Sets the counters of INFO to zero.',
    complexity: 'O(1)',
    reply: ok,
  },
  'config|rewrite': {
    since: '2.8.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    summary: 'Writes the settings in force into the configuration file.',
    complexity: 'O(1)',
    reply: ok,
  },
  'config|set': {
    since: '2.0.0',
    arity: -4,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
    summary: 'Changes settings while the server runs.',
    complexity: 'O(N), N: parameters named',
    args: () => [many(block('parameter_value', [str('parameter'), str('value')]))],
    history: [['7.0.0', 'Takes several parameters.']],
    reply: ok,
  },
  debug: {
    since: '1.0.0',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'protected'],
    summary: 'Tools for those who work on Redis itself, and for test suites.',
    complexity: 'Depends on the sub-command.',
    docFlags: ['syscmd'],
    reply: any,
  },
});
