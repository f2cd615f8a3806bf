/** `paxx redis …`: the bundled Redis-compatible server, its flags and examples. Handlers load their work when they run. */
import type { CommandModule } from 'yargs';
import type { Io } from '../io.ts';
import type { Start } from './infra.ts';
import type { StartFlags, StopFlags, WaitFlags } from './redis-work.ts';

/** @param start how a command's work begins, see `infra` */
export function createRedisCommand(io: Io, start: Start = (work) => work()): CommandModule {
  return {
    command: 'redis <command>',
    describe: 'Run the bundled Redis-compatible server: no Docker, nothing to install',
    builder: (redis) =>
      redis
        .command(startCommand(io, start))
        .command(stopCommand(io, start))
        .command(statusCommand(io, start))
        .command(waitCommand(io, start))
        .demandCommand(1, 'Name a command, for example: paxx redis start')
        .example('$0 redis start', 'On 127.0.0.1:6379, until Ctrl-C')
        .example('$0 redis start --port 0 --detach --json', 'On a free port, in the background, for scripts')
        .example('$0 redis wait --port 6379', 'Until it answers'),
    handler: () => {},
  };
}

function startCommand(io: Io, start: Start): CommandModule<object, StartFlags> {
  return {
    command: 'start [file]',
    describe: 'Start a server',
    builder: (command) =>
      command
        .positional('file', { type: 'string', describe: 'A redis.conf' })
        .option('config', { type: 'string', describe: 'A redis.conf, too', requiresArg: true })
        .option('port', { alias: 'p', type: 'number', describe: 'TCP port (default: 6379); 0 takes a free one' })
        .option('bind', { type: 'string', describe: 'Addresses to listen on (default: 127.0.0.1)', requiresArg: true })
        .option('password', { type: 'string', describe: 'Ask clients for this password', requiresArg: true })
        .option('save', { type: 'string', describe: 'Save points: "seconds changes …"; "" keeps nothing on disk' })
        .option('detach', { alias: 'd', type: 'boolean', describe: 'Leave it running in the background' })
        .option('json', { type: 'boolean', describe: 'Print one JSON line once it accepts connections' })
        .strict(false)
        .epilogue("Any parameter of redis.conf may follow as --name value, as on redis-server's command line."),
    handler: (flags) =>
      start(async () => {
        const { runStart } = await import('./redis-work.ts');
        await runStart(flags, io);
      }),
  };
}

function stopCommand(io: Io, start: Start): CommandModule<object, StopFlags> {
  return {
    command: 'stop',
    describe: 'Stop a server that `redis start` started',
    builder: (command) =>
      command
        .option('port', { alias: 'p', type: 'number', describe: 'The one on this port; needed where several run' })
        .option('all', { type: 'boolean', describe: 'All of them' })
        .option('json', { type: 'boolean', describe: 'Print one JSON document' }),
    handler: (flags) =>
      start(async () => {
        const { runStop } = await import('./redis-work.ts');
        await runStop(flags, io);
      }),
  };
}

function statusCommand(io: Io, start: Start): CommandModule<object, { json?: boolean | undefined }> {
  return {
    command: 'status',
    describe: 'Show the servers that run, and whether they answer',
    builder: (command) => command.option('json', { type: 'boolean', describe: 'Print one JSON document' }),
    handler: (flags) =>
      start(async () => {
        const { runStatus } = await import('./redis-work.ts');
        await runStatus(flags, io);
      }),
  };
}

function waitCommand(io: Io, start: Start): CommandModule<object, WaitFlags> {
  return {
    command: 'wait',
    describe: 'Wait until a Redis answers, this one or any other',
    builder: (command) =>
      command
        .option('url', { type: 'string', describe: 'redis://… (default: 127.0.0.1 and --port)', requiresArg: true })
        .option('port', { alias: 'p', type: 'number', describe: 'On this machine (default: 6379)' })
        .option('timeout', { type: 'number', describe: 'Seconds to wait', default: 30 })
        .option('json', { type: 'boolean', describe: 'Print one JSON document' }),
    handler: (flags) =>
      start(async () => {
        const { runWait } = await import('./redis-work.ts');
        await runWait(flags, io);
      }),
  };
}
