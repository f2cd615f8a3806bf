/** CLIENT and its sub-commands. */

import { block, deprecated, int, many, manyWithToken, oneOf, opt, since, str, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';

export const clientCommands = defineGroup('connection', {
  client: {
    since: '2.4.0',
    arity: -2,
    flags: ['sentinel'],
    categories: [],
    summary: '',
  },
  'client|caching': {
    since: '6.0.0',
    arity: 3,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [oneOf('mode', [token('YES'), token('NO')])],
  },
  'client|getname': {
    since: '2.6.9',
    arity: 2,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
  'client|getredir': {
    since: '6.0.0',
    arity: 2,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
  'client|help': {
    since: '5.0.0',
    arity: 2,
    flags: ['loading', 'stale', 'sentinel'],
    summary: '',
  },
  'client|id': {
    since: '5.0.0',
    arity: 2,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
  'client|info': {
    since: '6.2.0',
    arity: 2,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    tips: ['nondeterministic_output'],
    summary: '',
  },
  'client|kill': {
    since: '2.4.0',
    arity: -3,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [
      oneOf('filter', [
        deprecated('2.8.12', str('ip:port')),
        many(
          oneOf('new-format', [
            since('2.8.12', opt(int('client-id', 'ID'))),
            since(
              '2.8.12',
              opt(
                oneOf(
                  'normal_master_slave_pubsub',
                  [
                    token('NORMAL'),
                    since('3.2.0', token('MASTER')),
                    token('SLAVE'),
                    since('5.0.0', token('REPLICA')),
                    token('PUBSUB'),
                  ],
                  'TYPE',
                ),
              ),
            ),
            opt(str('username', 'USER')),
            opt(str('ip:port', 'ADDR')),
            since('6.2.0', opt(str('ip:port', 'LADDR'))),
            opt(str('yes/no', 'SKIPME')),
          ]),
        ),
      ]),
    ],
  },
  'client|list': {
    since: '2.4.0',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    tips: ['nondeterministic_output'],
    summary: '',
    args: [
      since(
        '5.0.0',
        opt(
          oneOf(
            'normal_master_replica_pubsub',
            [token('NORMAL'), token('MASTER'), token('REPLICA'), token('PUBSUB')],
            'TYPE',
          ),
        ),
      ),
      since('6.2.0', opt(block('id', [many(int('client-id'))], 'ID'))),
    ],
  },
  'client|no-evict': {
    since: '7.0.0',
    arity: 3,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [oneOf('enabled', [token('ON'), token('OFF')])],
  },
  'client|pause': {
    since: '2.9.50',
    arity: -3,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [int('timeout'), since('6.2.0', opt(oneOf('mode', [token('WRITE'), token('ALL')])))],
  },
  'client|reply': {
    since: '3.2.0',
    arity: 3,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [oneOf('on_off_skip', [token('ON'), token('OFF'), token('SKIP')])],
  },
  'client|setname': {
    since: '2.6.9',
    arity: 3,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [str('connection-name')],
  },
  'client|tracking': {
    since: '6.0.0',
    arity: -3,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [
      oneOf('status', [token('ON'), token('OFF')]),
      opt(int('client-id', 'REDIRECT')),
      opt(manyWithToken(str('prefix', 'PREFIX'))),
      opt(token('BCAST')),
      opt(token('OPTIN')),
      opt(token('OPTOUT')),
      opt(token('NOLOOP')),
    ],
  },
  'client|trackinginfo': {
    since: '6.2.0',
    arity: 2,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
  'client|unblock': {
    since: '5.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [int('client-id'), opt(oneOf('timeout_error', [token('TIMEOUT'), token('ERROR')]))],
  },
  'client|unpause': {
    since: '6.2.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
});
