/** Random commands out of the command table: arguments by their declared types and names, over a small key space. */
import { commandTable } from '../../../src/redis/commands/index.ts';
import type { CommandArgument, CommandGroup, CommandRow } from '../../../src/redis/commands/index.ts';
import { handlers } from '../../../src/server/commands/index.ts';

/** Groups whose replies follow from the commands before them. Streams take the time into their ids and idle times. */
const GROUPS: ReadonlySet<CommandGroup> = new Set([
  'bitmap',
  'generic',
  'geo',
  'hash',
  'hyperloglog',
  'list',
  'set',
  'sorted-set',
  'string',
  'transactions',
]);

/** Chance, places inside a table, or the machine decide what these answer; conformance rows hold them otherwise. */
const EXCLUDED = new Set([
  'hrandfield',
  'hscan',
  'keys',
  'migrate',
  'object|freq',
  'object|idletime',
  'object|refcount',
  'pfdebug',
  'pfselftest',
  'randomkey',
  'scan',
  'spop',
  'srandmember',
  'sscan',
  'wait',
  'zrandmember',
  'zscan',
  'dump',
  'restore',
]);

export const chosenRows: readonly CommandRow[] = commandTable
  .flatMap((row) => (row.subcommands.length > 0 ? row.subcommands : [row]))
  .filter(
    (row) => GROUPS.has(row.group) && row.fullName in handlers && !EXCLUDED.has(row.fullName) && row.name !== 'help',
  );

const KEYS_OF: Readonly<Partial<Record<CommandGroup, readonly string[]>>> = {
  bitmap: ['s1', 's2', 's3'],
  string: ['s1', 's2', 's3', 'n1'],
  hyperloglog: ['p1', 'p2'],
  list: ['l1', 'l2', 'l3'],
  set: ['t1', 't2', 't3'],
  'sorted-set': ['z1', 'z2', 'z3'],
  geo: ['g1', 'z1'],
  hash: ['h1', 'h2'],
};
export const ALL_KEYS = [...new Set(Object.values(KEYS_OF).flat()), 'none'];
/** Ranges by name are defined only where all scores are the same, SORT BY only for lists: keys of their own. */
const EVEN_KEY = 'y1';
const LIST_KEY = 'b1';
const FILL_CHANCE = 0.04;
const LONG = 'x'.repeat(70);
const TEXTS = [
  '',
  'a',
  'b',
  'c',
  'foo',
  'bar',
  '1',
  '2',
  '10',
  '-5',
  '007',
  '3.5',
  '1e2',
  LONG,
  '\x00\xff\r\n',
  ' 1',
  '9007199254740993',
];
const INTEGERS = ['0', '1', '-1', '2', '3', '5', '10', '-3', '100', '-100'];
const ODD_INTEGERS = [
  '',
  'abc',
  '1.5',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '+1',
  ' 1',
  '01',
];
const DOUBLES = ['0', '1', '-1', '2', '1.5', '-2.25', '3', '1e3', '0.1', '100', 'inf', '-inf', '3.14159265358979'];
// No 1e400: redis-server keeps the C library's range error of one command and holds it against a later SORT.
const ODD_DOUBLES = ['nan', 'abc', '', '0x10', '-0'];
/** Seconds since the epoch, in a future that is far enough. */
const LATER = ['4102444800', '4102444801'];

/** A wait that nobody ends costs redis-server a turn of its timer. */
const BLOCKING_KEPT = 0.1;
/** So that transactions stay short. */
const EXEC_CHANCE = 0.2;

export type Random = () => number;

export interface Generated {
  readonly row: CommandRow;
  readonly argv: readonly string[];
  /** It set a time to live of a few milliseconds: wait before going on. */
  readonly brief: boolean;
}

/** Commands, mostly well-formed. */
export function generateSequence(random: Random, length: number): Generated[] {
  const commands: Generated[] = [];
  let queueing = false;
  let queuedBrief = false;
  while (commands.length < length) {
    let next = queueing && random() < EXEC_CHANCE ? EXEC : new Generator(random).command();
    if (!queueing && random() < FILL_CHANCE) next = random() < 0.5 ? fillEven(random) : fillList(random);
    if (next.row.flags.includes('blocking') && (random() > BLOCKING_KEPT || blocksForLong(next))) continue;
    const { fullName } = next.row;
    queuedBrief ||= queueing && next.brief;
    if (fullName === 'multi') queueing = true;
    else if (fullName === 'exec' || fullName === 'discard') {
      if (queuedBrief) next = { ...next, brief: true };
      queueing = false;
      queuedBrief = false;
    }
    commands.push(next);
  }
  return commands;
}

/** The time to wait may have been replaced by another argument, and be years, or for ever. */
function blocksForLong({ row, argv }: Generated): boolean {
  const timeout = (row.name.endsWith('mpop') ? argv[1] : argv.at(-1)) ?? 'x';
  return Number(timeout) > 0.01 || (timeout.trim() !== '' && Number(timeout) === 0);
}

function fillEven(random: Random): Generated {
  const members = TEXTS.filter(() => random() < 0.3).flatMap((text) => ['0', text]);
  const row = commandTable.find(({ name }) => name === 'zadd')!;
  return { row, argv: ['ZADD', EVEN_KEY, ...(members.length > 0 ? members : ['0', 'a'])], brief: false };
}

function fillList(random: Random): Generated {
  const row = commandTable.find(({ name }) => name === 'rpush')!;
  return { row, argv: ['RPUSH', LIST_KEY, 'a', ...TEXTS.filter(() => random() < 0.2)], brief: false };
}

const EXEC: Generated = { row: commandTable.find(({ name }) => name === 'exec')!, argv: ['EXEC'], brief: false };

class Generator {
  readonly random: Random;
  group: CommandGroup = 'generic';
  /** Keys that a `numkeys` before them has promised. */
  promised: number | undefined = undefined;
  brief = false;

  constructor(random: Random) {
    this.random = random;
  }

  command(): Generated {
    const row = this.pick(chosenRows);
    this.group = row.group;
    const argv = row.fullName.split('|').map((word) => (this.chance(0.1) ? word.toUpperCase() : word));
    for (const argument of row.arguments) this.add(argument, argv);
    // Now and then an argument too few or too many.
    if (this.chance(0.01) && argv.length > 1) argv.pop();
    if (this.chance(0.01)) argv.push(this.pick(TEXTS));
    if (row.name.includes('lex') || argv.includes('BYLEX')) argv[row.name === 'zrangestore' ? 2 : 1] = EVEN_KEY;
    // Equal weights of text, and sets as they are, have no order of their own.
    const sorted = row.name.startsWith('sort') && argv.includes('BY');
    if (sorted) argv[1] = LIST_KEY;
    return { row, argv: sorted ? argv.filter((word) => word !== 'ALPHA') : argv, brief: this.brief };
  }

  add(argument: CommandArgument, argv: string[]): void {
    if (argument.optional === true && !this.chance(0.35)) return;
    let times = 1;
    if (argument.multiple === true) times = 1 + Math.floor(this.random() * 3);
    if (argument.type === 'key' && this.promised !== undefined && argument.multiple === true) times = this.promised;
    for (let i = 0; i < times; i++) {
      if (argument.token !== undefined && (i === 0 || argument.multipleToken === true)) {
        if (argument.type !== 'pure-token') argv.push(argument.token);
      }
      this.value(argument, argv);
    }
  }

  value(argument: CommandArgument, argv: string[]): void {
    switch (argument.type) {
      case 'oneof':
        return this.add({ ...this.pick(argument.arguments!), optional: false }, argv);
      case 'block':
        for (const part of argument.arguments!) this.add(part, argv);
        return;
      case 'pure-token':
        argv.push(argument.token!);
        return;
      case 'key':
        argv.push(this.key());
        return;
      case 'pattern':
        argv.push(this.pick(['*', 'w_*', 'nosort', 'h1->a', '#', '*->a']));
        return;
      case 'integer':
        argv.push(this.integer(argument.name));
        return;
      case 'double':
        argv.push(this.double(argument.name));
        return;
      case 'unix-time':
        argv.push(this.chance(0.05) ? '1' : this.pick(LATER) + (argument.name.includes('milli') ? '000' : ''));
        return;
      case 'string':
        argv.push(this.text(argument.name));
    }
  }

  key(): string {
    const own = KEYS_OF[this.group];
    return this.pick(own !== undefined && this.chance(0.92) ? own : ALL_KEYS);
  }

  integer(name: string): string {
    switch (name) {
      case 'numkeys':
        this.promised = 1 + Math.floor(this.random() * 3);
        return this.chance(0.03) ? this.pick(['0', '-1', 'x', '9']) : String(this.promised);
      case 'seconds':
        return this.pick(['100', '1000', '5000', '0', '-1', ...this.odd(ODD_INTEGERS)]);
      case 'milliseconds':
        if (this.chance(0.1)) {
          this.brief = true;
          return '3';
        }
        return this.pick(['100000', '500000', '0', '-1', ...this.odd(ODD_INTEGERS)]);
      case 'offset':
        // Small, or the string grows to hundreds of megabytes on both sides.
        return this.pick(['0', '1', '7', '8', '15', '100', '-1', '#1', ...this.odd(['abc', '-9', '1.5'])]);
      case 'db':
      case 'destination-db':
        return this.pick(['0', '1', '1', '16', 'x']);
      case 'bit':
        return this.pick(['0', '1', '0', '1', '2']);
      default:
        return this.pick([...INTEGERS, ...this.odd(ODD_INTEGERS)]);
    }
  }

  double(name: string): string {
    if (name === 'longitude') return this.pick(['13.36', '15.08', '2.35', '-0.12', '200']);
    if (name === 'latitude') return this.pick(['38.11', '37.50', '48.85', '51.50', '-90']);
    if (name === 'timeout') return this.pick(['0.001', '0.002', '-1', 'x']);
    if (name === 'min' || name === 'max') return this.pick([...DOUBLES, '(1', '(2', '-inf', '+inf', '(', 'abc']);
    // INCRBYFLOAT's long doubles are compared digit by digit, so let sums stay where printf prints all of them.
    return this.pick([...DOUBLES, ...this.odd(ODD_DOUBLES)]);
  }

  text(name: string): string {
    switch (name) {
      case 'min':
      case 'max':
        return this.pick(['-', '+', '[a', '(b', '[c', '[foo', 'a', '-inf', '1']);
      case 'start':
      case 'stop':
        return this.group === 'sorted-set'
          ? this.pick(['0', '-1', '1', '(1', '-inf', '+inf', '[a', '-', '+'])
          : this.integer(name);
      case 'encoding':
        return this.pick(['u8', 'i8', 'u4', 'i16', 'u63', 'i64', 'u1', 'u64', 'x']);
      case 'operation':
        return this.pick(['AND', 'OR', 'XOR', 'NOT', 'and', 'NAND']);
      default:
        return this.pick(TEXTS);
    }
  }

  /** Mostly nothing: so odd values stay rare. */
  odd(list: readonly string[]): readonly string[] {
    return this.chance(0.08) ? [this.pick(list)] : [];
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }
}
