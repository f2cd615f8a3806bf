// The data set as commands: the base of an append-only file where `aof-use-rdb-preamble` is off.

import type { Buffer } from 'node:buffer';
import { KIND_HASH, KIND_LAST_STRING, KIND_LIST, KIND_SET, KIND_ZSET } from '../../keyspace/kinds.ts';
import { stringText } from '../../keyspace/strings.ts';
import { configOf } from '../../config/config.ts';
import type { Server } from '../../server.ts';
import type { HashValue } from '../../values/hash.ts';
import type { ListValue } from '../../values/list.ts';
import type { SetValue } from '../../values/set.ts';
import type { SortedSet } from '../../values/sorted-set.ts';
import { formatDouble } from '../../util/numbers.ts';
import { ByteWriter } from '../rdb/byte-writer.ts';
import { payloadOf } from '../rdb/payload.ts';
import { Snapshot } from '../rdb/snapshot.ts';
import type { Shelf } from '../rdb/snapshot.ts';
import { savingOf } from '../saving.ts';

/** Elements per command, as Redis has it. */
const PER_COMMAND = 64;
const CHUNK = 1 << 18;

export class CommandWriter {
  readonly out = new ByteWriter(false, CHUNK * 2);
  readonly server: Server;
  readonly snapshot: Snapshot;
  selected = -1;

  constructor(server: Server) {
    this.server = server;
    this.snapshot = new Snapshot(server, (shelf, slot) => this.key(shelf, slot), true);
    if (configOf(server).value('aof-timestamp-enabled') === true) this.out.latin1(annotation(server.clock.now()));
    for (const code of savingOf(server).functions?.list() ?? []) this.command(['FUNCTION', 'LOAD', code]);
  }

  *chunks(): Generator<Buffer | undefined> {
    for (const _ of this.snapshot.steps()) yield this.out.at >= CHUNK ? this.out.take() : undefined;
    yield this.out.take();
  }

  release(): void {
    this.snapshot.release();
  }

  key(shelf: Shelf, slot: number): void {
    if (this.selected !== shelf.id) {
      this.selected = shelf.id;
      this.command(['SELECT', String(shelf.id)]);
    }
    const key = shelf.table.key(slot);
    this.value(key, shelf, slot);
    const at = shelf.expiryOf(slot);
    if (at !== 0) this.command(['PEXPIREAT', key, String(at)]);
  }

  value(key: string, shelf: Shelf, slot: number): void {
    const kind = shelf.table.kind(slot);
    if (kind <= KIND_LAST_STRING) return this.command(['SET', key, stringText(shelf.table, shelf.arena, slot)]);
    const value = shelf.table.values[slot];
    if (kind === KIND_LIST) this.several('RPUSH', key, (value as ListValue).elements(), 1);
    else if (kind === KIND_SET) this.several('SADD', key, (value as SetValue).members(), 1);
    else if (kind === KIND_HASH) this.hash(key, value as HashValue);
    else if (kind === KIND_ZSET) {
      const { members, scores } = (value as SortedSet).all();
      const parts = members.flatMap((member, i) => [formatDouble(scores[i]!), member]);
      this.several('ZADD', key, parts, 2);
    } else this.command(['RESTORE', key, '0', payloadOf(this.server, shelf, slot).latin1Slice()]);
  }

  hash(key: string, hash: HashValue): void {
    this.several('HMSET', key, hash.entries().flat(), 2);
    for (const [field, at] of hash.times?.at ?? []) {
      this.command(['HPEXPIREAT', key, String(at), 'FIELDS', '1', field]);
    }
  }

  several(name: string, key: string, parts: readonly string[], width: number): void {
    const step = PER_COMMAND * width;
    for (let i = 0; i < parts.length; i += step) this.command([name, key, ...parts.slice(i, i + step)]);
  }

  command(argv: readonly string[]): void {
    this.out.latin1(encode(argv));
  }
}

/** A command as the wire and the file have it. */
export function encode(argv: readonly string[]): string {
  let text = `*${argv.length}\r\n`;
  for (const part of argv) text += `$${part.length}\r\n${part}\r\n`;
  return text;
}

/** When the commands behind it were written, for redis-check-aof to cut there. */
export function annotation(milliseconds: number): string {
  return `#TS:${Math.floor(milliseconds / 1000)}\r\n`;
}
