/** The command table: every command of Redis as data, look-ups over it, and COMMAND's replies out of it. */

import { createCommandTable } from './table.ts';
import type { CommandTable } from './table.ts';
import type { CommandRow } from './types.ts';

export { checkReply } from './check-reply.ts';
export type { DecodedReply } from './check-reply.ts';
export { commandDocs, commandGetKeys, commandInfo, commandList } from './command-replies.ts';
export type { CommandReply, ListFilter } from './command-replies.ts';
export { hasKeys, keysOf } from './find-keys.ts';
export type { FoundKey } from './find-keys.ts';
export { ACL_CATEGORIES, FLAG_BITS } from './flags.ts';
export type {
  CommandName,
  ContainerName,
  ImplementableName,
  LaterCommandName,
  SentinelCommandName,
} from './groups/index.ts';
export type { ReplyShape } from './reply-shapes.ts';
export { createCommandTable } from './table.ts';
export type { CommandTable, CommandTableOptions } from './table.ts';
export type * from './types.ts';
export { isReached } from './version.ts';

/** Of Redis 7.0, which most servers stand for. */
export const redis70: CommandTable = createCommandTable();

/** The commands of a Redis 7.0 server, their sub-commands inside them. */
export const commandTable: readonly CommandRow[] = redis70.rows;

/** The row of a top-level command of Redis 7.0, in any case of letters. */
export function findCommand(name: string): CommandRow | undefined {
  return redis70.find(name);
}

/** The row of a container's sub-command, in any case of letters. */
export function findSubcommand(container: CommandRow, name: string): CommandRow | undefined {
  const wanted = name.toLowerCase();
  return container.subcommands.find((row) => row.name === wanted);
}
