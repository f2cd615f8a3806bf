/** Publish and subscribe. */

import { block, many, opt, pattern, str } from '../arguments.ts';
import { defineGroup } from '../define.ts';
import { keyAt, keysAt } from '../key-specs.ts';

export const pubsubCommands = defineGroup('pubsub', {
  psubscribe: {
    since: '2.0.0',
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [many(block('pattern', [pattern('pattern')]))],
  },
  publish: {
    since: '2.0.0',
    arity: 3,
    flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate', 'sentinel'],
    summary: '',
    args: [str('channel'), str('message')],
  },
  pubsub: {
    since: '2.8.0',
    arity: -2,
    categories: [],
    summary: '',
  },
  'pubsub|channels': {
    since: '2.8.0',
    arity: -2,
    flags: ['pubsub', 'loading', 'stale'],
    summary: '',
    args: [opt(pattern('pattern'))],
  },
  'pubsub|help': {
    since: '6.2.0',
    arity: 2,
    flags: ['loading', 'stale'],
    categories: [],
    summary: '',
  },
  'pubsub|numpat': {
    since: '2.8.0',
    arity: 2,
    flags: ['pubsub', 'loading', 'stale'],
    summary: '',
  },
  'pubsub|numsub': {
    since: '2.8.0',
    arity: -2,
    flags: ['pubsub', 'loading', 'stale'],
    summary: '',
    args: [opt(many(str('channel')))],
  },
  'pubsub|shardchannels': {
    since: '7.0.0',
    arity: -2,
    flags: ['pubsub', 'loading', 'stale'],
    summary: '',
    args: [opt(pattern('pattern'))],
  },
  'pubsub|shardnumsub': {
    since: '7.0.0',
    arity: -2,
    flags: ['pubsub', 'loading', 'stale'],
    summary: '',
    args: [opt(many(str('shardchannel')))],
  },
  punsubscribe: {
    since: '2.0.0',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [opt(many(pattern('pattern')))],
  },
  spublish: {
    since: '7.0.0',
    arity: 3,
    flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
    summary: '',
    keys: [keyAt(1, 'not_key')],
    args: [str('shardchannel'), str('message')],
  },
  ssubscribe: {
    since: '7.0.0',
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    summary: '',
    keys: [keysAt(1, { last: -1 }, 'not_key')],
    args: [many(str('shardchannel'))],
  },
  subscribe: {
    since: '2.0.0',
    arity: -2,
    flags: ['pubsub', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [many(str('channel'))],
  },
  sunsubscribe: {
    since: '7.0.0',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale'],
    summary: '',
    keys: [keysAt(1, { last: -1 }, 'not_key')],
    args: [opt(many(str('shardchannel')))],
  },
  unsubscribe: {
    since: '2.0.0',
    arity: -1,
    flags: ['pubsub', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [opt(many(str('channel')))],
  },
});
