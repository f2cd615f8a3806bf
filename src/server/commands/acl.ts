// ACL for a server with one user, who may do everything.

import { commandTable } from '../../redis/commands/index.ts';
import type { AclCategory } from '../../redis/commands/index.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import type { Server } from '../server.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';
import { nodeCrypto } from '../util/lazy-node.ts';

export const aclHandlers = {
  'acl|whoami': (call) => call.reply.bulk(call.client.user),
  'acl|cat': cat,
  'acl|getuser': getuser,
  'acl|list': (call) => call.reply.bulks([`user default on ${secret(call.server)} ~* &* +@all`]),
  'acl|users': (call) => call.reply.bulks(['default']),
  'acl|genpass': genpass,
  'acl|help': helpHandler('acl'),
} satisfies Handlers;

const CATEGORIES: readonly AclCategory[] = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
];

function cat(call: Call): void {
  if (call.argc > 3) throw subcommandSyntaxError(call);
  if (call.argc === 2) return call.reply.bulks(CATEGORIES);
  const category = CATEGORIES.find((name) => name === call.word(2));
  if (category === undefined) throw new CommandError(`ERR Unknown category '${call.arg(2)}'`);
  const rows = commandTable.flatMap((row) => (row.subcommands.length > 0 ? [row, ...row.subcommands] : [row]));
  call.reply.bulks(rows.filter((row) => row.categories.includes(category)).map((row) => row.fullName));
}

function getuser(call: Call): void {
  const { reply, server } = call;
  if (call.arg(2) !== 'default') return reply.null();
  const open = server.settings.requirepass === '';
  const flags = open ? ['on', 'nopass'] : ['on'];
  reply.map(6);
  reply.bulk('flags');
  reply.set(flags.length);
  for (const name of flags) reply.bulk(name);
  reply.bulk('passwords');
  reply.bulks(open ? [] : [digest(server.settings.requirepass)]);
  reply.bulk('commands');
  reply.bulk('+@all');
  reply.bulk('keys');
  reply.bulk('~*');
  reply.bulk('channels');
  reply.bulk('&*');
  reply.bulk('selectors');
  reply.array(0);
}

const MOST_BITS = 4096;

function genpass(call: Call): void {
  if (call.argc > 3) throw subcommandSyntaxError(call);
  const bits = call.argc === 3 ? call.integer(2) : 256;
  if (bits <= 0 || bits > MOST_BITS) {
    throw new CommandError(
      `ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to ${MOST_BITS}`,
    );
  }
  const digits = Math.ceil(bits / 4);
  call.reply.bulk(
    nodeCrypto()
      .randomBytes(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits),
  );
}

function secret({ settings }: Server): string {
  return settings.requirepass === '' ? 'nopass' : `#${digest(settings.requirepass)}`;
}

function digest(password: string): string {
  return nodeCrypto().createHash('sha256').update(password, 'latin1').digest('hex');
}
