/** The server's commands as a Markdown page, from the command table and the handlers. */
import { createCommandTable } from '../../src/redis/commands/index.ts';
import type { CommandRow } from '../../src/redis/commands/index.ts';
import { handlers } from '../../src/server/commands/index.ts';

const NEWEST = '7.4.0';

export function commandList(): string {
  const rows = createCommandTable({ version: NEWEST }).rows.flatMap(runnable);
  const served = rows.filter(({ fullName }) => fullName in handlers);
  const later = served.filter(isLater);
  const groups = [...new Set(rows.map(({ group }) => group))].sort();
  const lines = [
    '# Commands',
    '',
    'Generated from the command table and the handlers: `node test/server/update-commands.mjs`.',
    '',
    `${served.length - later.length} of the ${rows.filter((row) => !isLater(row)).length} commands and sub-commands of Redis 7.0, sentinel's own aside, and ${later.length} of later versions. Those have their version in the last column; they are there from \`advertise\` (\`--advertise 7.4\`, or \`settings.version\`) on.`,
  ];
  for (const group of groups) {
    lines.push('', `## ${group}`, '', '| command | what it does | |', '|---|---|---|');
    for (const row of rows.filter((other) => other.group === group).sort(byName)) {
      const note = row.fullName in handlers ? (isLater(row) ? since(row) : '') : 'not served';
      lines.push(
        `| ${row.fullName.replace('|', ' ').toUpperCase()} | ${row.summary.replaceAll('|', '\\|')} | ${note} |`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Containers do nothing by themselves. */
function runnable(row: CommandRow): readonly CommandRow[] {
  if (row.subcommands.length === 0) return [row];
  return row.name in handlers ? [row, ...row.subcommands] : row.subcommands;
}

function byName(a: CommandRow, b: CommandRow): number {
  return a.fullName < b.fullName ? -1 : 1;
}

function isLater(row: CommandRow): boolean {
  return /^7\.[24]/.test(row.since);
}

function since(row: CommandRow): string {
  return row.since.replace(/\.0$/, '');
}
