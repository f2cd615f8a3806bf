/** COMMAND and its sub-commands. */

import { many, oneOf, opt, pattern, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';

export const commandCommands = defineGroup('server', {
  command: {
    since: '2.8.13',
    arity: -1,
    flags: ['loading', 'stale', 'sentinel'],
    categories: ['connection'],
    tips: ['nondeterministic_output_order'],
    summary: '',
  },
  'command|count': {
    since: '2.8.13',
    arity: 2,
    flags: ['loading', 'stale', 'sentinel'],
    categories: ['connection'],
    summary: '',
  },
  'command|docs': {
    since: '7.0.0',
    arity: -2,
    flags: ['loading', 'stale', 'sentinel'],
    categories: ['connection'],
    tips: ['nondeterministic_output_order'],
    summary: '',
    args: [opt(many(str('command-name')))],
  },
  'command|getkeys': {
    since: '2.8.13',
    arity: -4,
    flags: ['loading', 'stale', 'sentinel'],
    categories: ['connection'],
    summary: '',
  },
  'command|getkeysandflags': {
    since: '7.0.0',
    arity: -4,
    flags: ['loading', 'stale', 'sentinel'],
    categories: ['connection'],
    summary: '',
  },
  'command|help': {
    since: '5.0.0',
    arity: 2,
    flags: ['loading', 'stale', 'sentinel'],
    categories: ['connection'],
    summary: '',
  },
  'command|info': {
    since: '2.8.13',
    arity: -2,
    flags: ['loading', 'stale', 'sentinel'],
    categories: ['connection'],
    tips: ['nondeterministic_output_order'],
    summary: '',
    args: [opt(many(str('command-name')))],
  },
  'command|list': {
    since: '7.0.0',
    arity: -2,
    flags: ['loading', 'stale', 'sentinel'],
    categories: ['connection'],
    tips: ['nondeterministic_output_order'],
    summary: '',
    args: [
      opt(
        oneOf(
          'filterby',
          [str('module-name', 'MODULE'), str('category', 'ACLCAT'), pattern('pattern', 'PATTERN')],
          'FILTERBY',
        ),
      ),
    ],
  },
});
