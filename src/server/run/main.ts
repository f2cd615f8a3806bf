#!/usr/bin/env node
// The server's own program: `main.js [redis.conf] [--name value …]`, and `main.js healthcheck [url]` for containers.

import { readFileSync } from 'node:fs';
import { defaultSettings } from '../settings.ts';
import { lastDirective, parseCommandLine, StartError } from './command-line.ts';
import { startDetached } from './detach.ts';
import type { ChildMessage } from './detach.ts';
import { startForeground } from './foreground.ts';
import { ping } from './ping.ts';

const args = withDefaults(process.argv.slice(2), process.env['PAXX_SERVER_ARGS'] ?? '');
if (args[0] === 'healthcheck') {
  const url = args[1] ?? process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
  const { health, answer } = await ping(url, 2000);
  process.stdout.write(`${health}: ${answer}\n`);
  process.exitCode = health === 'ready' ? 0 : 1;
} else if (args.length === 1 && (args[0] === '--version' || args[0] === '-v')) {
  const version = defaultSettings().version;
  process.stdout.write(`Redis server v=${version} sha=00000000:0 malloc=libc bits=64 build=paxx\n`);
} else if (args.length === 1 && (args[0] === '--help' || args[0] === '-h')) {
  process.stdout.write(
    'Usage: paxx-server [/path/to/redis.conf] [--name value ...] [-]\n' +
      '       paxx-server healthcheck [redis://host:port]\n' +
      '       paxx-server -v | --version | -h | --help\n',
  );
} else {
  await run();
}

async function run(): Promise<void> {
  try {
    if (wantsDaemon()) {
      await startDetached(args);
      return;
    }
    const started = await startForeground({ args, stdin: () => readFileSync(0, 'latin1') });
    const { url, host, port } = started;
    tell({ ready: true, pid: process.pid, url, host, port });
    process.exitCode = await started.stopped;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    tell({ ready: false, reason: error.message });
    // Whoever waits for redis-server's words finds them.
    if (error.inConfig)
      process.stderr.write(`\n*** FATAL CONFIG FILE ERROR (Redis ${defaultSettings().version}) ***\n`);
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Options from the environment go behind the configuration file and before the command line's own. */
function withDefaults(argv: readonly string[], defaults: string): string[] {
  const extra = defaults.split(/\s+/).filter(Boolean);
  if (argv[0] === 'healthcheck' || /^(?:-[vh]|--version|--help)$/.test(argv[0] ?? '')) return [...argv];
  const file = argv[0] !== undefined && !argv[0].startsWith('-') ? argv.slice(0, 1) : [];
  return [...file, ...extra, ...argv.slice(file.length)];
}

/** Whoever started this process in the background waits for word. */
function tell(message: ChildMessage): void {
  if (process.send === undefined) return;
  process.send(message);
  process.disconnect();
}

function wantsDaemon(): boolean {
  return !args.includes('-') && lastDirective(parseCommandLine(args).text, 'daemonize') === 'yes';
}
