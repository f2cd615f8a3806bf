// What rules may name: commands, sub-commands and categories of a command table.

import { ACL_CATEGORIES } from '../../redis/commands/index.ts';
import type { AclCategory, CommandRow, CommandTable } from '../../redis/commands/index.ts';
import { printed } from '../errors.ts';

/** As ACL CAT lists them; the order also decides between categories that describe a user equally well. */
export const CATEGORIES = ACL_CATEGORIES;

export interface Catalog {
  readonly table: CommandTable;
  /** All commands and sub-commands; a container stands before what it contains. */
  readonly rows: readonly CommandRow[];
  readonly members: ReadonlyMap<AclCategory, readonly CommandRow[]>;
}

const catalogs = new WeakMap<CommandTable, Catalog>();

export function catalogOf(table: CommandTable): Catalog {
  let catalog = catalogs.get(table);
  if (catalog === undefined) catalogs.set(table, (catalog = makeCatalog(table)));
  return catalog;
}

/** By name, in any case of letters. */
export function findCategory(name: string): AclCategory | undefined {
  const word = printed(name).toLowerCase();
  return CATEGORIES.find((category) => category === word);
}

function makeCatalog(table: CommandTable): Catalog {
  const rows = table.rows.flatMap((row): CommandRow[] => [row, ...row.subcommands]);
  const members = new Map<AclCategory, CommandRow[]>(CATEGORIES.map((category) => [category, []]));
  for (const row of rows) for (const category of row.categories) members.get(category)!.push(row);
  return { table, rows, members };
}
