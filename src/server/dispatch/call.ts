// One command in execution: its arguments as offsets into a read buffer, who sent it, where it works, how it answers.
//
// Nothing is made per command: a connection's commands share one call. Handlers read arguments while they run; what
// must outlive them (a transaction's queue, a blocked client) is a frozen copy.

import { Buffer } from 'node:buffer';
import { commandTable } from '../../redis/commands/index.ts';
import type { Client } from '../client.ts';
import { NOT_A_FLOAT, NOT_AN_INTEGER, SYNTAX_ERROR } from '../errors.ts';
import type { Database } from '../keyspace/database.ts';
import { KIND_ARENA, KIND_LARGE, KIND_TEXT } from '../keyspace/kinds.ts';
import type { LargeString } from '../keyspace/strings.ts';
import type { Reply } from '../reply/reply.ts';
import type { Server } from '../server.ts';
import { parseDouble, parseInt64, parseSafeInteger } from '../util/numbers.ts';
import { Command } from './registry.ts';

export class Call {
  readonly server: Server;
  client: Client;
  db: Database;
  reply: Reply;
  command: Command;
  bytes: Buffer;
  argc: number;
  start: Int32Array;
  end: Int32Array;
  /** Inside a transaction or script: a command that would block answers at once as if its time had run out. */
  mayBlock = true;

  constructor(server: Server, client: Client, command: Command = IDLE) {
    this.server = server;
    this.client = client;
    this.db = client.db;
    this.reply = client.reply;
    this.command = command;
    this.bytes = NO_BYTES;
    this.argc = 0;
    this.start = NO_OFFSETS;
    this.end = NO_OFFSETS;
  }

  // Arguments; 0 is the command's name.

  /** Argument `i` as a byte string. */
  arg(i: number): string {
    return this.bytes.latin1Slice(this.start[i], this.end[i]);
  }

  /** Arguments from `from` on as byte strings. */
  args(from = 1): string[] {
    const list: string[] = [];
    for (let i = from; i < this.argc; i++) list.push(this.bytes.latin1Slice(this.start[i], this.end[i]));
    return list;
  }

  length(i: number): number {
    return this.end[i]! - this.start[i]!;
  }

  /** Is argument `i` this word, in any case of letters? `word` is lower case. */
  is(i: number, word: string): boolean {
    const from = this.start[i]!;
    if (this.end[i]! - from !== word.length) return false;
    for (let k = 0; k < word.length; k++) {
      const byte = this.bytes[from + k]!;
      if ((byte >= 65 && byte <= 90 ? byte | 32 : byte) !== word.charCodeAt(k)) return false;
    }
    return true;
  }

  /** Argument `i` in lower case: for options, never for keys. */
  word(i: number): string {
    return this.arg(i).toLowerCase();
  }

  /**
   * An integer argument. Beyond the safe range the nearest double: right for counts and indexes, which clamp.
   * Throws `value is not an integer or out of range`.
   */
  integer(i: number): number {
    const text = this.arg(i);
    const safe = parseSafeInteger(text);
    if (safe !== undefined) return safe;
    const wide = parseInt64(text);
    if (wide === undefined) throw NOT_AN_INTEGER;
    return Number(wide);
  }

  /** A 64-bit integer argument, exactly. */
  int64(i: number): bigint {
    const value = parseInt64(this.arg(i));
    if (value === undefined) throw NOT_AN_INTEGER;
    return value;
  }

  /** A double argument; throws `value is not a valid float`. */
  double(i: number): number {
    const value = parseDouble(this.arg(i));
    if (value === undefined) throw NOT_A_FLOAT;
    return value;
  }

  /** Throws `syntax error` unless argument `i` exists. */
  need(i: number): void {
    if (i >= this.argc) throw SYNTAX_ERROR;
  }

  // Keys by argument, without making a string. Each returns a slot or -1.

  /** Find a key to read: counts a hit or miss, refreshes its access time. */
  read(i: number): number {
    return this.db.read(this.bytes, this.start[i]!, this.end[i]!);
  }

  /** Find a key to change. */
  write(i: number): number {
    return this.db.write(this.bytes, this.start[i]!, this.end[i]!);
  }

  /** Add the key that the last lookup (`read` or `write` of the same argument) missed; a `put…` follows. */
  add(i: number): number {
    return this.db.add(this.bytes, this.start[i]!, this.end[i]!);
  }

  /** Answer with the string in a slot; throws WRONGTYPE for aggregates. */
  replyText(slot: number): void {
    const { db, reply } = this;
    const { table } = db;
    const kind = table.kind(slot);
    if (kind === KIND_TEXT) return reply.bulk(table.values[slot] as string);
    if (kind === KIND_ARENA) {
      const handle = table.values[slot] as number;
      const length = db.arena.length(handle);
      const at = db.arena.offset(handle);
      return reply.bulkBytes(db.arena.chunk(handle), at, at + length);
    }
    if (kind === KIND_LARGE) {
      const large = table.values[slot] as LargeString;
      return reply.bulkBytes(large.bytes, 0, large.length);
    }
    reply.bulk(db.text(slot));
  }

  /** The time in milliseconds; it stands still during a command, a transaction and a script. */
  get now(): number {
    return this.db.space.now;
  }

  // What is propagated to replicas, the append-only file and observers.

  /** Is it worth calling `propagate`? */
  get propagating(): boolean {
    return this.db.space.effects.propagating;
  }

  /**
   * Propagate these commands in place of the running one. Needed when it is not deterministic as sent (relative
   * times, random members, floats) or changed nothing in the way it was sent. No arguments: propagate nothing.
   */
  propagate(...commands: (readonly string[])[]): void {
    const { effects } = this.db.space;
    if (effects.propagating) effects.replacement = commands;
  }

  /**
   * Wait until one of `keys` changes, then `serve` that key (true: it answered). See blocking.ts for the order.
   * `timeout` is in seconds, 0 waits for ever; `expire` answers when it runs out.
   */
  block(
    keys: readonly string[],
    timeout: number,
    serve: (call: Call, key: string) => boolean,
    expire: (reply: Reply) => void,
  ): void {
    if (this.mayBlock && this.client.transport !== undefined)
      this.server.blocking.add(this, keys, timeout, serve, expire);
    else expire(this.reply);
  }

  /**
   * Is it worth going on with a long answer? Not when the client has been answered more than its limit allows, and is
   * to be cut off. Answers without a natural end ask every few thousand elements.
   */
  goesOn(): boolean {
    this.reply.relieve?.();
    return this.client.transport?.isOverflowing?.() !== true;
  }

  /** A copy that owns its bytes. */
  freeze(): Call {
    const copy = new Call(this.server, this.client, this.command);
    const from = this.start[0]!;
    const to = this.end[this.argc - 1]!;
    copy.argc = this.argc;
    copy.bytes = Buffer.allocUnsafeSlow(to - from);
    this.bytes.copy(copy.bytes, 0, from, to);
    copy.start = new Int32Array(this.argc);
    copy.end = new Int32Array(this.argc);
    for (let i = 0; i < this.argc; i++) {
      copy.start[i] = this.start[i]! - from;
      copy.end[i] = this.end[i]! - from;
    }
    copy.db = this.db;
    copy.reply = this.reply;
    return copy;
  }

  /** Load arguments given as byte strings; for commands that do not come from a socket. */
  load(argv: readonly string[]): this {
    let size = 0;
    for (const text of argv) size += text.length;
    if (this.bytes.length < size) this.bytes = Buffer.allocUnsafeSlow(Math.max(256, size * 2));
    if (this.start.length < argv.length) {
      this.start = new Int32Array(Math.max(16, argv.length * 2));
      this.end = new Int32Array(Math.max(16, argv.length * 2));
    }
    let at = 0;
    for (let i = 0; i < argv.length; i++) {
      this.start[i] = at;
      this.bytes.latin1Write(argv[i]!, at);
      at += argv[i]!.length;
      this.end[i] = at;
    }
    this.argc = argv.length;
    return this;
  }
}

/** Stands in until a command is looked up. */
const IDLE = new Command(commandTable[0]!, () => {}, undefined);
const NO_BYTES = Buffer.alloc(0);
const NO_OFFSETS = new Int32Array(0);
