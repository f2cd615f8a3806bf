/** ACL and its sub-commands. */

import { int, many, oneOf, opt, str, token } from '../arguments.ts';
import { defineGroup } from '../define.ts';

export const aclCommands = defineGroup('server', {
  acl: {
    since: '6.0.0',
    arity: -2,
    flags: ['sentinel'],
    summary: '',
  },
  'acl|cat': {
    since: '6.0.0',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [opt(str('categoryname'))],
  },
  'acl|deluser': {
    since: '6.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [many(str('username'))],
  },
  'acl|dryrun': {
    since: '7.0.0',
    arity: -4,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [str('username'), str('command'), opt(many(str('arg')))],
  },
  'acl|genpass': {
    since: '6.0.0',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [opt(int('bits'))],
  },
  'acl|getuser': {
    since: '6.0.0',
    arity: 3,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [str('username')],
  },
  'acl|help': {
    since: '6.0.0',
    arity: 2,
    flags: ['loading', 'stale', 'sentinel'],
    summary: '',
  },
  'acl|list': {
    since: '6.0.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
  'acl|load': {
    since: '6.0.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
  'acl|log': {
    since: '6.0.0',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [opt(oneOf('operation', [int('count'), token('RESET')]))],
  },
  'acl|save': {
    since: '6.0.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
  'acl|setuser': {
    since: '6.0.0',
    arity: -3,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
    args: [str('username'), opt(many(str('rule')))],
  },
  'acl|users': {
    since: '6.0.0',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
  'acl|whoami': {
    since: '6.0.0',
    arity: 2,
    flags: ['noscript', 'loading', 'stale', 'sentinel'],
    summary: '',
  },
});
