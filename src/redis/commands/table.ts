/** A command table: the rows that a server of a certain version and kind knows, and look-ups over them. */

import { buildRows } from './define.ts';
import { GROUPS, LATER_GROUPS } from './groups/index.ts';
import type { CommandRow } from './types.ts';

export interface CommandTable {
  readonly version: string;
  /** Top-level commands; sub-commands stand in their containers' rows. */
  readonly rows: readonly CommandRow[];
  /** The row of a top-level command, in any case of letters. */
  find(name: string): CommandRow | undefined;
  /** The row of a full name such as `config|get`. */
  findFullName(fullName: string): CommandRow | undefined;
  /**
   * The row that a call means: the sub-command's where the command is a container and a second word is there.
   * Undefined for an unknown command or sub-command.
   */
  resolve(argv: readonly string[]): CommandRow | undefined;
}

export interface CommandTableOptions {
  /** The version that the server advertises. */
  readonly version?: string;
  /** A sentinel has its own command and few of the others; a server has all but that one. */
  readonly sentinel?: boolean;
}

export function createCommandTable({ version = '7.0.15', sentinel = false }: CommandTableOptions = {}): CommandTable {
  const rows = buildRows([...GROUPS, ...LATER_GROUPS], version).filter((row) =>
    sentinel
      ? row.flags.includes('sentinel') || row.flags.includes('only_sentinel')
      : !row.flags.includes('only_sentinel'),
  );
  const byName = new Map(rows.map((row) => [row.name, row]));
  const byFullName = new Map(rows.flatMap((row) => [row, ...row.subcommands]).map((row) => [row.fullName, row]));
  const find = (name: string): CommandRow | undefined => byName.get(name) ?? byName.get(name.toLowerCase());
  return {
    version,
    rows,
    find,
    findFullName: (fullName) => byFullName.get(fullName.toLowerCase()),
    resolve(argv) {
      const row = find(argv[0] ?? '');
      const second = argv[1];
      if (row === undefined || row.subcommands.length === 0 || second === undefined) return row;
      return byFullName.get(`${row.name}|${second.toLowerCase()}`);
    },
  };
}
