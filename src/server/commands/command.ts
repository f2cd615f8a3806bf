// COMMAND: what the command table knows, as the server tells it.

import { commandDocs, commandGetKeys, commandInfo, commandList } from '../../redis/commands/index.ts';
import type { CommandReply, CommandTable, ListFilter } from '../../redis/commands/index.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { tableOf } from '../dispatch/tables.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import type { Reply } from '../reply/reply.ts';
import { matchGlob } from '../util/glob.ts';
import { helpHandler } from './help.ts';

export const commandHandlers = {
  command: (call) => write(call.reply, commandInfo(known(call))),
  'command|count': (call) => call.reply.integer(known(call).rows.length),
  'command|docs': (call) => write(call.reply, commandDocs(known(call), call.args(2))),
  'command|getkeys': (call) => write(call.reply, commandGetKeys(known(call), call.args(2))),
  'command|getkeysandflags': (call) => write(call.reply, commandGetKeys(known(call), call.args(2), true)),
  'command|info': (call) => write(call.reply, commandInfo(known(call), call.args(2))),
  'command|list': list,
  'command|help': helpHandler('command'),
} satisfies Handlers;

/** The commands of the version that the server advertises. */
function known({ server }: Call): CommandTable {
  return tableOf(server.settings.version);
}

function list(call: Call): void {
  write(call.reply, commandList(known(call), parseFilter(call)));
}

function parseFilter(call: Call): ListFilter | undefined {
  if (call.argc === 2) return undefined;
  if (call.argc !== 5 || !call.is(2, 'filterby')) throw SYNTAX_ERROR;
  const value = call.arg(4);
  if (call.is(3, 'module')) return { by: 'module', name: value };
  if (call.is(3, 'aclcat')) return { by: 'aclcat', category: value };
  if (call.is(3, 'pattern')) return { by: 'pattern', matches: (name) => matchGlob(value, name, true) };
  throw SYNTAX_ERROR;
}

function write(reply: Reply, value: CommandReply): void {
  if (value === null) reply.null();
  else if (typeof value === 'string') reply.bulk(value);
  else if (typeof value === 'number') reply.integer(value);
  else if (value instanceof Map) {
    reply.map(value.size);
    for (const [key, item] of value as ReadonlyMap<string, CommandReply>) {
      reply.bulk(key);
      write(reply, item);
    }
  } else if (value instanceof Set) {
    reply.set(value.size);
    for (const item of value as ReadonlySet<CommandReply>) write(reply, item);
  } else if (Array.isArray(value)) {
    reply.array(value.length);
    for (const item of value as readonly CommandReply[]) write(reply, item);
  } else if ('status' in value) reply.simple(value.status);
  else if ('error' in value) throw new CommandError(value.error);
}
