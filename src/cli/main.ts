#!/usr/bin/env node
/** The only file that reads argv, prints through the process and decides how it ends. */
import { processIo } from './io.ts';

const argv = process.argv.slice(2);
const io = processIo();

// A pipe closed early (`paxx infra list | head -1`) is not an error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
  const { readVersion } = await import('./version.ts');
  io.out(`${readVersion()}\n`);
} else if (argv[0] === 'infra' && argv[1] === 'list' && argv.slice(2).every((flag) => flag === '--json')) {
  // Answered before yargs is loaded, which costs as much as Node's own start.
  const { runInfraList } = await import('./commands/infra-list.ts');
  runInfraList({ json: argv.includes('--json') }, io);
} else {
  const { runCli } = await import('./commands/index.ts');
  await runCli(argv, io);
}
