/** Commands about the connection itself. */

import { block, int, opt, since, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';

export const connectionCommands = defineGroup('connection', {
  auth: {
    since: '1.0.0',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy', 'sentinel'],
    summary: '',
    args: [since('6.0.0', opt(str('username'))), str('password')],
  },
  echo: {
    since: '1.0.0',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    summary: '',
    args: [str('message')],
  },
  hello: {
    since: '6.0.0',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy', 'sentinel'],
    summary: '',
    args: [
      opt(
        block('arguments', [
          int('protover'),
          opt(block('username_password', [str('username'), str('password')], 'AUTH')),
          opt(str('clientname', 'SETNAME')),
        ]),
      ),
    ],
  },
  ping: {
    since: '1.0.0',
    arity: -1,
    flags: ['fast', 'sentinel'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    summary: '',
    args: [opt(str('message'))],
  },
  quit: {
    since: '1.0.0',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    summary: '',
  },
  reset: {
    since: '6.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    summary: '',
  },
  select: {
    since: '1.0.0',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    summary: '',
    args: [int('index')],
  },
});
