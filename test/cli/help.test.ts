/** Help: every command has some, with examples that the parser takes. */
import { describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { exitCodesCommand } from '../../src/cli/commands/exit-codes.ts';
import { createInfraCommand } from '../../src/cli/commands/infra.ts';
import { createRedisCommand } from '../../src/cli/commands/redis.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { folder } from './support/folders.ts';
import { ioFor, told } from './support/in-process.ts';

const COMMANDS = await commandsBelow([]);

test('all commands are found by following the help', () => {
  expect(COMMANDS.map((words) => words.join(' '))).toEqual(
    expect.arrayContaining([
      'infra list',
      'infra add',
      'infra remove',
      'infra upgrade',
      'infra status',
      'exit-codes',
      'completion',
    ]),
  );
});

describe.each(COMMANDS.filter(([word]) => word !== 'completion').map((words) => [words.join(' '), words] as const))(
  'paxx %s --help',
  (name, words) => {
    test('describes each flag and fits into 100 columns', async () => {
      const help = await helpOf(words);
      expect(help).toMatch(new RegExp(`^paxx ${name}`));
      const flags = help.split('\n').filter((line) => /^ +(?:-\w, )?--[\w-]+/.test(line));
      expect(flags.length).toBeGreaterThan(0);
      for (const line of flags) expect(line).toMatch(/--[\w-]+ {2,}\S/);
      expect(help.split('\n').filter((line) => line.length > 100)).toEqual([]);
    });

    test('has examples, or its group has, and they parse', async () => {
      const group = words.length > 1 ? examplesIn(await helpOf(words.slice(0, 1))) : [];
      const examples = [...examplesIn(await helpOf(words)), ...group];
      expect(examples.length).toBeGreaterThan(0);
      for (const argv of examples) await expect(parse(argv), argv.join(' ')).resolves.toBe('understood');
    });
  },
);

test('the examples of `paxx --help` parse', async () => {
  const examples = examplesIn(await helpOf([]));
  expect(examples.length).toBeGreaterThan(2);
  for (const argv of examples) await expect(parse(argv), argv.join(' ')).resolves.toBe('understood');
});

describe('misuse', () => {
  test.each([
    [[], 'Name a command'],
    [['frobnicate'], 'frobnicate'],
    [['infra'], 'paxx infra'],
    [['infra', 'add'], 'paxx infra add redis'],
    [['infra', 'ad', 'redis'], 'Did you mean add?'],
    [['infra', 'add', 'redis', 'twice'], 'twice'],
    [['infra', 'add', 'redis', '--cwd'], 'cwd'],
    [['infra', 'add', 'redis', '--cwd', 'nowhere'], '--cwd nowhere is not a folder'],
    [['infra', 'list', '--cwd', 'nowhere'], '--cwd nowhere is not a folder'],
    [['infra', 'add', 'redis', '--host', 'rails'], 'Choices: "express", "fastify"'],
    [['infra', 'add', 'redis', '--client', 'memcached'], 'Choices: "ioredis", "redis"'],
    [['infra', 'add', 'redis', '--image', 'redis:2'], 'Choices: "redis:7", "valkey:8"'],
    [['infra', 'status', 'postgres'], 'Choices: "redis"'],
  ])('%j says what is wrong and where help is', async (argv, text) => {
    const { code, out, err } = await told(folder(), argv);
    expect([code, out]).toEqual([EXIT.USAGE.code, '']);
    expect(err).toContain(text);
    expect(err).toMatch(/^paxx: .+\n(?:.+\n)*? {2}\S/);
  });
});

/** Depth first, as the help lists them. */
async function commandsBelow(words: readonly string[]): Promise<(readonly string[])[]> {
  const section = /\nCommands:\n((?: {2}.*\n)+)/.exec(await helpOf(words))?.[1] ?? '';
  const below = [...section.matchAll(/^ {2}paxx ((?:[\w-]+ ?)+)/gm)].map((row) => row[1]!.trim().split(' '));
  const found: (readonly string[])[] = [];
  for (const command of below) found.push(command, ...(await commandsBelow(command)));
  return found;
}

async function helpOf(words: readonly string[]): Promise<string> {
  // yargs prints help by itself, past the Io.
  const lines: string[] = [];
  const log = console.log;
  console.log = (text: string) => void lines.push(text);
  try {
    const { code } = await told(folder(), [...words, '--help']);
    expect(code).toBe(0);
  } finally {
    console.log = log;
  }
  return `${lines.join('\n')}\n`;
}

/** As the command line does, but nothing is run. */
async function parse(argv: readonly string[]): Promise<'understood' | 'not reached'> {
  let reached: 'understood' | 'not reached' = 'not reached';
  const reach = (): void => void (reached = 'understood');
  const io = { ...ioFor('.'), out: reach };
  await yargs([...argv])
    .command(createInfraCommand(io, reach))
    .command(createRedisCommand(io, reach))
    .command(exitCodesCommand(io))
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    })
    .parseAsync();
  return reached;
}

/** The words behind `paxx` of the examples, which break over lines where they are long. */
function examplesIn(help: string): string[][] {
  const section = help.split('\nExamples:\n')[1]?.split('\n\n')[0] ?? '';
  const commands: string[] = [];
  for (const line of section.trimEnd().split('\n')) {
    const words = /^ {2}(.*?)(?: {2,}.*)?$/.exec(line)?.[1] ?? '';
    if (words.startsWith('paxx ')) commands.push(words.slice('paxx '.length));
    else if (commands.length > 0) commands.push(`${commands.pop()} ${words.trim()}`);
  }
  return commands.map((command) => command.trim().split(' '));
}
