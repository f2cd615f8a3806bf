// Commands and data without a socket: arguments in, plain JavaScript values out.

import { Decoder, ErrorReply, MapReply, SetReply, VerbatimReply } from '../../redis/protocol/index.ts';
import type { RespValue } from '../../redis/protocol/index.ts';
import type { Client } from '../client.ts';
import type { Server } from '../server.ts';
import { fromBytes, toBytes } from './text.ts';
import type { Argument } from './text.ts';

/** What a command answers: maps as objects, sets as arrays, doubles as numbers. */
export type Value = string | number | bigint | boolean | null | readonly Value[] | { readonly [field: string]: Value };

/** An error reply, thrown by direct calls. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  /** The reply's first word: `ERR`, `WRONGTYPE` … */
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.code = message.split(' ', 1)[0]!;
  }
}

/** A client that lives in this process. It never waits: what would block answers as if its time had run out. */
export function localClient(server: Server): Client {
  const client = server.addClient(undefined);
  client.setProtocol(3);
  return client;
}

/** Run a command. Throws ReplyError. */
export function callDirectly(client: Client, argv: readonly Argument[]): Value {
  let value: Value = null;
  const decoder = new Decoder({
    onReply: (reply) => {
      value = plain(reply);
    },
  });
  decoder.write(Buffer.from(client.server.execute(client, argv.map(toBytes)), 'latin1'));
  return value;
}

function plain(reply: RespValue): Value {
  if (reply instanceof ErrorReply) throw new ReplyError(reply.message);
  if (reply instanceof VerbatimReply) return reply.text;
  if (reply instanceof SetReply) return reply.items.map(plain);
  if (reply instanceof MapReply) {
    return Object.fromEntries(reply.entries.map(([key, value]) => [String(key), plain(value)]));
  }
  if (Array.isArray(reply)) return (reply as readonly RespValue[]).map(plain);
  return reply as Value;
}

/** Names of a database's keys, sorted. */
export function keysOf(server: Server, id: number): string[] {
  server.keyspace.setNow(server.clock.now());
  const db = server.keyspace.databases[id];
  if (db === undefined) throw new RangeError(`there is no database ${id}`);
  const names: string[] = [];
  for (let slot = 0; slot < db.table.slots; slot++) {
    const at = db.expiryOf(slot);
    if (db.table.isUsed(slot) && (at === 0 || at > server.keyspace.now)) names.push(fromBytes(db.key(slot)));
  }
  return names.sort();
}

/** A key as `contents` shows it. */
export interface KeyContents {
  readonly type: string;
  /** A string, a list's elements, a set's members (sorted), a sorted set's scores or a hash's fields by name. */
  readonly value: Value;
  /** When it expires, in milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** How each type is read whole. */
const READERS: Readonly<Record<string, (key: string) => readonly Argument[]>> = {
  string: (key) => ['GET', key],
  list: (key) => ['LRANGE', key, 0, -1],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, 0, -1, 'WITHSCORES'],
  hash: (key) => ['HGETALL', key],
  stream: (key) => ['XRANGE', key, '-', '+'],
};

/** All keys of the client's database with their values, for assertions and failure messages. */
export function contentsOf(client: Client): Record<string, KeyContents> {
  const { server, db } = client;
  const found: Record<string, KeyContents> = {};
  for (const key of keysOf(server, db.id)) {
    const type = String(callDirectly(client, ['TYPE', key]));
    const expiresAt = db.expiryOf(db.peekKey(toBytes(key)));
    const value = tidy(type, callDirectly(client, READERS[type]!(key)));
    found[key] = expiresAt === 0 ? { type, value } : { type, value, expiresAt };
  }
  return found;
}

function tidy(type: string, value: Value): Value {
  if (type === 'set') return [...(value as readonly string[])].sort();
  if (type === 'zset') return Object.fromEntries(value as unknown as readonly [string, Value][]);
  return value;
}
