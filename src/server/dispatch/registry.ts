// The commands a server knows: rows of the command table joined with handlers, found by the bytes of their names.

import type { Buffer } from 'node:buffer';
import { FLAG_BITS } from '../../redis/commands/index.ts';
import type { CommandRow, CommandTable, ImplementableName, LaterCommandName } from '../../redis/commands/index.ts';
import type { Histogram } from '../introspection/histogram.ts';
import type { Call } from './call.ts';

/** Runs one command: reads arguments from the call, changes keys through `call.db`, answers through `call.reply`. */
export type Handler = (call: Call) => void;

/** A group's handlers by full name: `get`, `config|get`. */
export type Handlers = { readonly [name in ImplementableName | LaterCommandName]?: Handler };

export class Command {
  readonly row: CommandRow;
  /** As error texts and statistics name it: `get`, `config|get`. */
  readonly name: string;
  readonly arity: number;
  readonly flags: number;
  run: Handler;
  /** A container's sub-commands by lower-case name. */
  readonly subcommands: ReadonlyMap<string, Command> | undefined;
  /** Timed call by call. Commands that are short whatever they meet are timed in runs, see introspection/timing.ts. */
  readonly exact: boolean;
  /** Statistics for INFO commandstats. */
  calls = 0;
  microseconds = 0;
  rejected = 0;
  failed = 0;
  /** How its run times are spread, once it has run. */
  histogram: Histogram | undefined = undefined;
  nameBytes: Uint8Array;

  constructor(row: CommandRow, run: Handler, subcommands: ReadonlyMap<string, Command> | undefined) {
    this.row = row;
    this.name = row.fullName;
    this.arity = row.arity;
    this.flags = row.flagBits;
    this.run = run;
    this.subcommands = subcommands;
    this.exact = this.has('blocking') || (!this.has('fast') && row.complexity !== 'O(1)');
    this.nameBytes = bytesOf(row);
  }

  has(flag: keyof typeof FLAG_BITS): boolean {
    return (this.flags & FLAG_BITS[flag]) !== 0;
  }

  acceptsCount(argc: number): boolean {
    return this.arity >= 0 ? argc === this.arity : argc >= -this.arity;
  }
}

const names = new WeakMap<CommandRow, Uint8Array>();

/** Made once per row, however many servers start. */
function bytesOf(row: CommandRow): Uint8Array {
  let bytes = names.get(row);
  if (bytes === undefined) {
    bytes = new Uint8Array(row.name.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = row.name.charCodeAt(i);
    names.set(row, bytes);
  }
  return bytes;
}

const TABLE_SIZE = 256;
const NO_COMMANDS: readonly Command[] = [];
/** Copied at each start, which is faster than filling. */
const EMPTY_TABLE = Array.from({ length: TABLE_SIZE }, () => NO_COMMANDS);
/** `georadiusbymember_ro` has 20 letters. */
const LONGEST_NAME = 32;

/**
 * A command is made when it is first looked up: a server meets few of its four hundred, and a test file starts many
 * servers.
 */
export class Registry {
  readonly table: CommandTable;
  readonly handlers: Readonly<Record<string, Handler | undefined>>;
  /** Top-level commands that were looked up. */
  readonly commands = new Map<string, Command>();
  readonly buckets = EMPTY_TABLE.slice();
  /** Names that clients use, by the command's own; empty for a command that nobody may call. */
  readonly renamed = new Map<string, string>();

  constructor(table: CommandTable, handlers: Readonly<Record<string, Handler | undefined>>) {
    this.table = table;
    this.handlers = handlers;
  }

  /** The top-level command named by `bytes[start, end)`, in any case of letters. */
  find(bytes: Buffer, start: number, end: number): Command | undefined {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i]! | 32)) | 0;
    const bucket = this.buckets[hash & (TABLE_SIZE - 1)]!;
    for (let i = 0; i < bucket.length; i++) {
      if (sameName(bucket[i]!.nameBytes, bytes, start, end)) return bucket[i];
    }
    if (end - start > LONGEST_NAME) return undefined;
    return this.named(bytes.latin1Slice(start, end).toLowerCase());
  }

  /** By the name that clients use for it. */
  named(name: string): Command | undefined {
    if (this.renamed.size === 0) return this.command(name);
    for (const [own, given] of this.renamed) if (given === name) return this.command(own);
    return this.renamed.has(name) ? undefined : this.command(name);
  }

  /** Have clients call a command by another name, or by none. Before its first look-up from outside. */
  rename(name: string, to: string): void {
    this.renamed.set(name, to);
    const known = this.commands.get(name);
    if (known === undefined) return;
    for (const [at, bucket] of this.buckets.entries()) {
      if (bucket.includes(known)) this.buckets[at] = bucket.filter((command) => command !== known);
    }
    this.file(known);
  }

  /** By full name in lower case: `get`, `config|get`. */
  get(name: string): Command | undefined {
    const [parent, child] = name.split('|') as [string, string | undefined];
    const command = this.command(parent);
    return child === undefined ? command : command?.subcommands?.get(child);
  }

  /** Every command and sub-command that was looked up: those that have statistics. */
  *used(): IterableIterator<Command> {
    for (const command of this.commands.values()) {
      yield command;
      if (command.subcommands !== undefined) yield* command.subcommands.values();
    }
  }

  /** One with a handler, or with a sub-command that has one. */
  command(name: string): Command | undefined {
    const known = this.commands.get(name);
    if (known !== undefined) return known;
    const row = this.table.find(name);
    if (row === undefined) return undefined;
    const subcommands = row.subcommands.length === 0 ? undefined : subcommandsOf(row, this.handlers);
    const run = this.handlers[row.name];
    if (run === undefined && subcommands === undefined) return undefined;
    const command = new Command(row, run ?? unreachable, subcommands);
    this.register(command);
    return command;
  }

  register(command: Command): void {
    this.commands.set(command.name, command);
    this.file(command);
  }

  /** Where look-ups by bytes find it. */
  file(command: Command): void {
    const given = this.renamed.get(command.name);
    if (given === '') return;
    if (given !== undefined) command.nameBytes = Uint8Array.from(given, (letter) => letter.charCodeAt(0));
    let hash = command.nameBytes.length;
    for (const byte of command.nameBytes) hash = (Math.imul(hash, 31) + (byte | 32)) | 0;
    const at = hash & (TABLE_SIZE - 1);
    const bucket = this.buckets[at]!;
    this.buckets[at] = bucket === NO_COMMANDS ? [command] : [...bucket, command];
  }
}

/** Those with a handler, by name; undefined where there is none. */
function subcommandsOf(
  row: CommandRow,
  handlers: Readonly<Record<string, Handler | undefined>>,
): Map<string, Command> | undefined {
  const found = new Map<string, Command>();
  for (const sub of row.subcommands) {
    const run = handlers[sub.fullName];
    if (run !== undefined) found.set(sub.name, new Command(sub, run, undefined));
  }
  return found.size > 0 ? found : undefined;
}

function sameName(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!;
    if ((byte >= 65 && byte <= 90 ? byte | 32 : byte) !== name[i]) return false;
  }
  return true;
}

function unreachable(): void {
  throw new Error('a container runs only through its sub-commands');
}
