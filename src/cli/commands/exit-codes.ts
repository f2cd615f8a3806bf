/** `paxx exit-codes`: the table, for people and scripts. */
import type { CommandModule } from 'yargs';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

export function exitCodesCommand(io: Io): CommandModule<object, { json: boolean | undefined }> {
  return {
    command: 'exit-codes',
    describe: 'Show what each exit code means',
    builder: (command) =>
      command
        .option('json', { type: 'boolean', describe: 'Print one JSON document' })
        .example('$0 exit-codes --json', 'For scripts'),
    handler: ({ json }) => {
      const rows = Object.entries(EXIT).map(([name, row]) => ({ ...row, name }));
      if (json) io.out(`${JSON.stringify(rows, undefined, 2)}\n`);
      else for (const row of rows) io.out(`${String(row.code).padStart(3)}  ${row.name.padEnd(18)} ${row.meaning}\n`);
    },
  };
}
