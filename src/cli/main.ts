#!/usr/bin/env node
/** The only file that reads argv, prints through the process and decides how it ends. */
import { fileURLToPath } from 'node:url';
import type { runCli as RunCli } from './commands/index.ts';
import { processIo } from './io.ts';

const argv = process.argv.slice(2);
const io = processIo();

// A pipe closed early (`paxx infra list | head -1`) and a terminal that is gone are not errors of ours.
const forgive = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
};
process.stdout.on('error', forgive);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
  const { readVersion } = await import('./version.ts');
  io.out(`${readVersion()}\n`);
} else if (argv[0] === 'infra' && argv[1] === 'list' && argv.slice(2).every((flag) => flag === '--json')) {
  // Answered before yargs is loaded, which costs as much as Node's own start.
  const { runInfraList } = await import('./commands/infra-list.ts');
  runInfraList({ json: argv.includes('--json') }, io);
} else {
  process.stderr.on('error', forgive);
  // One file with a code cache: compiling it takes longer than running it.
  const { requireCached } = await import('./code-cache.ts');
  const file = fileURLToPath(new URL('commands.cjs', import.meta.url));
  const use = argv.find((word) => /^(?:add|remove|upgrade|status)$/.test(word)) ?? 'help';
  const { runCli } = requireCached(file, use) as { runCli: typeof RunCli };
  await runCli(argv, io);
}
