// Command tables by the version that a server advertises.

import { createCommandTable, redis70 } from '../../redis/commands/index.ts';
import type { CommandTable } from '../../redis/commands/index.ts';

const tables = new Map<string, CommandTable>([[redis70.version, redis70]]);

/** Made once per version. */
export function tableOf(version: string): CommandTable {
  let table = tables.get(version);
  if (table === undefined) tables.set(version, (table = createCommandTable({ version })));
  return table;
}
