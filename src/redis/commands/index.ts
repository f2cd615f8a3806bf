/** The command table: every command of Redis as data, and look-ups over it. */

import { buildRows } from './define.ts';
import { GROUPS } from './groups/index.ts';
import type { CommandRow } from './types.ts';

export { FLAG_BITS } from './flags.ts';
export type { CommandName, ContainerName, ImplementableName } from './groups/index.ts';
export type * from './types.ts';

/** All top-level commands of Redis 7.0, their sub-commands inside them. */
export const commandTable: readonly CommandRow[] = buildRows(GROUPS);

const byName = new Map(commandTable.map((row) => [row.name, row]));

/** The row of a top-level command, in any case of letters. */
export function findCommand(name: string): CommandRow | undefined {
  return byName.get(name.toLowerCase());
}

/** The row of a container's sub-command, in any case of letters. */
export function findSubcommand(container: CommandRow, name: string): CommandRow | undefined {
  const wanted = name.toLowerCase();
  return container.subcommands.find((row) => row.name === wanted);
}
