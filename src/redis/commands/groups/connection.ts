/** Commands about the connection itself. */

import { block, int, opt, since, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { any, bulk, either, fields, integer, listOf, ok, simple, tuple, withArgs } from '../reply-shapes.ts';

export const connectionCommands = defineGroup('connection', {
  auth: {
    since: '1.0.0',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy', 'sentinel'],
    summary: 'Logs in.',
    complexity: 'O(N), N: passwords of the user',
    args: () => [since('6.0.0', opt(str('username'))), str('password')],
    history: [['6.0.0', "Takes a user's name."]],
    reply: ok,
  },
  echo: {
    since: '1.0.0',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    summary: 'Returns its argument.',
    complexity: 'O(1)',
    args: () => [str('message')],
    reply: bulk,
  },
  hello: {
    since: '6.0.0',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy', 'sentinel'],
    summary: 'Chooses the protocol, may log in and name the connection, and describes the server.',
    complexity: 'O(1)',
    args: () => [
      opt(
        block('arguments', [
          int('protover'),
          opt(block('username_password', [str('username'), str('password')], 'AUTH')),
          opt(str('clientname', 'SETNAME')),
        ]),
      ),
    ],
    history: [['6.2.0', 'Without arguments it only describes.']],
    reply: fields({
      server: bulk,
      version: bulk,
      proto: integer,
      id: integer,
      mode: bulk,
      role: bulk,
      modules: listOf(any),
    }),
  },
  ping: {
    since: '1.0.0',
    arity: -1,
    flags: ['fast', 'sentinel'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    summary: 'Answers PONG, or its argument.',
    complexity: 'O(1)',
    args: () => [opt(str('message'))],
    reply: either(withArgs(2, bulk, simple('PONG')), tuple(bulk, bulk)),
  },
  quit: {
    since: '1.0.0',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    summary: 'Closes the connection.',
    complexity: 'O(1)',
    reply: ok,
  },
  reset: {
    since: '6.2.0',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    summary: 'Brings the connection back to how it began.',
    complexity: 'O(1)',
    reply: simple('RESET'),
  },
  select: {
    since: '1.0.0',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    summary: 'Changes to another database.',
    complexity: 'O(1)',
    args: () => [int('index')],
    reply: ok,
  },
});
