/** `paxx infra …`: the group of commands, their flags and examples. Handlers load their work when they run. */
import type { Argv, CommandModule } from 'yargs';
import { components } from '../components/index.ts';
import { FRAMEWORK_NAMES } from '../hosts/host.ts';
import type { Io } from '../io.ts';
import { PACKAGE_SOURCES } from '../plan/infra/context.ts';

/** Starts the work of a command; the default runs it within yargs' own handler. */
export type Start = (work: () => Promise<void>) => void | Promise<void>;

/**
 * The `infra` command for any yargs CLI.
 * @param io streams, terminal and signal of the process that mounts it.
 */
export function createInfraCommand(io: Io, start: Start = (work) => work()): CommandModule {
  return {
    command: 'infra <command>',
    describe: 'Add, inspect, upgrade and remove infrastructure',
    builder: (infra) =>
      infra
        .command(listCommand(io, start))
        .command(addCommand(io, start))
        .command(removeCommand(io, start))
        .command(upgradeCommand(io, start))
        .command(statusCommand(io, start))
        .demandCommand(1, 'Name a command, for example: paxx infra list')
        .example('$0 infra add redis', 'Show the changes, ask, then make them')
        .example('$0 infra status', 'See whether what was added is still in place'),
    handler: () => {},
  };
}

const names = components.map((component) => component.name);
const images = components.flatMap((component) => component.service.images.map((image) => image.id));
const clients = components.flatMap((component) => component.clients);
const pieces = components.flatMap((component) => component.pieces.map((piece) => piece.name));

function listCommand(io: Io, start: Start): CommandModule<object, { json?: boolean; cwd?: string }> {
  return {
    command: 'list',
    aliases: ['ls'],
    describe: 'Show what can be added',
    builder: (command) => where(asJson(command)).example('$0 infra list --json', 'For scripts'),
    handler: (flags) =>
      start(async () => {
        const { runInfraList } = await import('./infra-list.ts');
        const { folderOf } = await import('./project.ts');
        runInfraList({ ...flags, cwd: folderOf(flags.cwd, io) }, io);
      }),
  };
}

function addCommand(io: Io, start: Start): CommandModule {
  return {
    command: 'add <component>',
    describe: 'Add a component to the app in this folder',
    builder: (command) =>
      writing(asJson(appOption(where(componentArgument(command)))), 'Also replace files that stand in the way')
        .option('host', {
          type: 'string',
          choices: FRAMEWORK_NAMES,
          describe: 'The framework, where it cannot be told',
          requiresArg: true,
        })
        .option('image', {
          type: 'string',
          choices: images,
          describe: 'Image of the compose service',
          requiresArg: true,
        })
        .option('client', {
          type: 'string',
          choices: clients,
          describe: 'Client package (default: the one the app has, else ioredis)',
          requiresArg: true,
        })
        .option('with', {
          type: 'string',
          describe: `Pieces of @paxx/redis to open, with commas between: ${pieces.join(', ')}`,
          requiresArg: true,
        })
        .option('packages', {
          type: 'string',
          choices: PACKAGE_SOURCES,
          describe: 'Where @paxx/redis comes from (default: bundled, a copy that goes into the project)',
          requiresArg: true,
        })
        .option('settings', { type: 'string', describe: 'The file that holds the settings', requiresArg: true })
        .option('dir', { type: 'string', describe: 'Folder for the cache module', requiresArg: true })
        .option('compose-service', {
          type: 'string',
          describe: 'The service of the compose file that is Redis already',
          requiresArg: true,
        })
        .option('ci', {
          type: 'boolean',
          describe: 'Add a Redis service to CI jobs that have services',
          default: false,
        })
        .option('verify', { type: 'boolean', describe: 'Run the module against a Redis afterwards' })
        .example('$0 infra add redis --diff --dry-run', 'See every change, write nothing')
        .example('$0 infra add redis --yes --no-install', 'Ask nothing, leave installing to me')
        .example('$0 infra add redis --with lease,queue', 'And what opens leases and queues on it')
        .example('$0 infra add redis --app apps/api --image valkey:8', 'One app of a monorepo, on Valkey'),
    handler: (flags) =>
      start(async () => {
        const { runInfraAdd } = await import('./infra-add.ts');
        await runInfraAdd(flags as never, io);
      }),
  };
}

function removeCommand(io: Io, start: Start): CommandModule {
  return {
    command: 'remove <component>',
    aliases: ['rm'],
    describe: 'Take out what add put in, and only that',
    builder: (command) =>
      writing(asJson(belowApp(where(componentArgument(command)))), 'Also delete files that were edited since')
        .example('$0 infra remove redis --dry-run --diff', 'See what would go')
        .example('$0 infra remove redis', 'Show it, ask, then take it out'),
    handler: (flags) =>
      start(async () => {
        const { runInfraRemove } = await import('./infra-remove.ts');
        await runInfraRemove(flags as never, io);
      }),
  };
}

function upgradeCommand(io: Io, start: Start): CommandModule {
  return {
    command: 'upgrade <component>',
    describe: "Bring a component to this version, keeping the app's own edits",
    builder: (command) =>
      writing(asJson(appOption(where(componentArgument(command)))))
        .example('$0 infra upgrade redis --dry-run --diff', 'Merge three ways, see the result first')
        .example('$0 infra upgrade redis', 'Show it, ask, then write it'),
    handler: (flags) =>
      start(async () => {
        const { runInfraUpgrade } = await import('./infra-upgrade.ts');
        await runInfraUpgrade(flags as never, io);
      }),
  };
}

function statusCommand(io: Io, start: Start): CommandModule {
  return {
    command: 'status [component]',
    aliases: ['doctor'],
    describe: 'Check what was added: still in place, edited, missing',
    builder: (command) =>
      asJson(
        belowApp(where(command.positional('component', { type: 'string', choices: names, describe: 'What to check' }))),
      )
        .option('fix', { type: 'boolean', describe: 'Show what to do about each finding', default: false })
        .example('$0 infra status', 'One line per file that was added or edited')
        .example('$0 infra status redis --fix', 'And what to do about it'),
    handler: (flags) =>
      start(async () => {
        const { runInfraStatus } = await import('./infra-status.ts');
        await runInfraStatus(flags as never, io);
      }),
  };
}

function componentArgument(command: Argv): Argv {
  return command.positional('component', {
    type: 'string',
    demandOption: true,
    describe: `One of: ${names.join(', ')}`,
    // Offered by completion; an unknown name has an exit code of its own, which yargs' check would take away.
    ...(process.argv.includes('--get-yargs-completions') ? { choices: names } : {}),
  });
}

/** An addition is recorded for the project as a whole, which is found from any of its folders. */
function belowApp(command: Argv): Argv {
  return command.option('app', { type: 'string', describe: 'A folder of the project, below --cwd', requiresArg: true });
}

function appOption(command: Argv): Argv {
  return command.option('app', { type: 'string', describe: "The app's folder, in a monorepo", requiresArg: true });
}

function asJson(command: Argv): Argv {
  return command.option('json', {
    type: 'boolean',
    describe: 'Print one JSON document and nothing else',
    default: false,
  });
}

function where(command: Argv): Argv {
  return command.option('cwd', { type: 'string', describe: 'Work in this folder', requiresArg: true });
}

/**
 * Flags of every command that changes files.
 * @param forces what `--force` does besides
 */
function writing(command: Argv, forces?: string): Argv {
  return command
    .option('yes', { alias: 'y', type: 'boolean', describe: 'Do not ask', default: false })
    .option('dry-run', { alias: 'n', type: 'boolean', describe: 'Plan and show, write nothing', default: false })
    .option('diff', { alias: 'd', type: 'boolean', describe: 'Show every change as a unified diff', default: false })
    .option('install', {
      type: 'boolean',
      describe: 'Run the package manager afterwards (--no-install: leave that to you)',
      default: true,
    })
    .option('force', {
      type: 'boolean',
      describe: `Also write to files with uncommitted changes${forces === undefined ? '' : `. ${forces}`}`,
      default: false,
    })
    .option('commit', { type: 'boolean', describe: 'Make one git commit of the changes', default: false });
}
