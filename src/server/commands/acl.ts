// ACL: users and their rights, who was refused what, the file of users.

import { describeChannels, describeCommands, describeKeys } from '../acl/describe.ts';
import { checkUsername } from '../acl/access.ts';
import { catalogOf, CATEGORIES, findCategory } from '../acl/catalog.ts';
import { checkCommand } from '../acl/check.ts';
import type { Selector } from '../acl/selector.ts';
import { loadAclFile, saveAclFile, userLines } from '../acl/startup.ts';
import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { tableOf } from '../dispatch/tables.ts';
import { CommandError, printed, wrongArity } from '../errors.ts';
import type { Server } from '../server.ts';
import { nodeCrypto } from '../util/lazy-node.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';

export const aclHandlers = {
  'acl|whoami': (call) => call.reply.bulk(call.client.user),
  'acl|users': (call) => call.reply.bulks(call.server.access.sorted().map((user) => user.name)),
  'acl|list': (call) => call.reply.bulks(userLines(call.server)),
  'acl|getuser': getuser,
  'acl|setuser': setuser,
  'acl|deluser': deluser,
  'acl|dryrun': dryrun,
  'acl|cat': cat,
  'acl|genpass': genpass,
  'acl|log': log,
  'acl|load': load,
  'acl|save': save,
  'acl|help': helpHandler('acl'),
} satisfies Handlers;

function setuser(call: Call): void {
  const name = call.arg(2);
  checkUsername(name);
  call.server.access.setUser(name, call.args(3));
  call.reply.ok();
}

function deluser(call: Call): void {
  const names = call.args(2);
  if (names.some((name) => printed(name) === 'default')) {
    throw new CommandError("ERR The 'default' user cannot be removed");
  }
  call.reply.integer(names.filter((name) => call.server.access.deleteUser(name)).length);
}

function getuser(call: Call): void {
  const { reply, server } = call;
  const user = server.access.users.get(call.arg(2));
  if (user === undefined) return reply.null();
  const { flags } = user;
  reply.map(6);
  reply.bulk('flags');
  reply.set(flags.length);
  for (const flag of flags) reply.bulk(flag);
  reply.bulk('passwords');
  reply.bulks(user.passwords);
  const [root, ...others] = user.selectors;
  writeSelector(call, root!);
  reply.bulk('selectors');
  reply.array(others.length);
  for (const selector of others) {
    reply.map(3);
    writeSelector(call, selector);
  }
}

/** Three pairs of a map. */
function writeSelector({ reply, server }: Call, selector: Selector): void {
  reply.bulk('commands');
  reply.bulk(describeCommands(selector, server.access.catalog));
  reply.bulk('keys');
  reply.bulk(describeKeys(selector));
  reply.bulk('channels');
  reply.bulk(describeChannels(selector));
}

function dryrun(call: Call): void {
  const { server, reply } = call;
  const user = server.access.users.get(call.arg(2));
  if (user === undefined) throw new CommandError(`ERR User '${printed(call.arg(2))}' not found`);
  const argv = call.args(3);
  const row = tableOf(server.settings.version).resolve(argv);
  if (row === undefined) throw new CommandError(`ERR Command '${printed(argv[0]!)}' not found`);
  const { arity, fullName } = row;
  if (arity > 0 ? argv.length !== arity : argv.length < -arity) throw wrongArity(fullName);
  const denial = checkCommand(user, row, argv);
  if (denial === undefined) return reply.ok();
  const { reason, index } = denial;
  reply.bulk(
    reason === 'command'
      ? `This user has no permissions to run the '${fullName}' command`
      : `This user has no permissions to access the '${printed(argv[index]!)}' ${reason}`,
  );
}

function cat(call: Call): void {
  if (call.argc > 3) throw subcommandSyntaxError(call);
  if (call.argc === 2) return call.reply.bulks(CATEGORIES);
  const category = findCategory(call.arg(2));
  if (category === undefined) {
    throw new CommandError(`ERR Unknown category '${printed(call.arg(2)).slice(0, 128)}'`);
  }
  const { members } = catalogOf(tableOf(call.server.settings.version));
  call.reply.bulks(members.get(category)!.map((row) => row.fullName));
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

const SHOWN = 10;

function log(call: Call): void {
  const { reply, server } = call;
  const { log: list } = server.access;
  if (call.argc > 3) throw subcommandSyntaxError(call);
  if (call.argc === 3 && call.is(2, 'reset')) {
    list.entries = [];
    return reply.ok();
  }
  const count = call.argc === 3 ? Math.max(0, call.integer(2)) : SHOWN;
  const entries = list.entries.slice(0, count);
  reply.array(entries.length);
  for (const entry of entries) {
    reply.map(7);
    reply.bulk('count');
    reply.integer(entry.count);
    const fields = {
      reason: entry.reason,
      context: entry.context,
      object: entry.object,
      username: entry.username,
    };
    for (const [name, value] of Object.entries(fields)) {
      reply.bulk(name);
      reply.bulk(value);
    }
    reply.bulk('age-seconds');
    reply.double((server.clock.now() - entry.at) / 1000);
    reply.bulk('client-info');
    reply.bulk(entry.client);
  }
}

function load(call: Call): void {
  needAclFile(call.server);
  const errors = loadAclFile(call.server);
  if (errors !== undefined) throw new CommandError(`ERR ${errors}`);
  call.reply.ok();
}

function save(call: Call): void {
  const { server, reply } = call;
  needAclFile(server);
  try {
    saveAclFile(server);
  } catch (error) {
    server.log(`Writing ACL file for ACL SAVE: ${error instanceof Error ? error.message : String(error)}`);
    throw new CommandError(
      'ERR There was an error trying to save the ACLs. Please check the server logs for more information',
    );
  }
  reply.ok();
}

function needAclFile(server: Server): void {
  if (configOf(server).text('aclfile') !== '') return;
  throw new CommandError(
    'ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.',
  );
}
