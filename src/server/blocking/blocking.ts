// Clients that wait for keys: BLPOP and its kin, XREAD BLOCK.
//
// A waiting client is served after the command that fed its key has ended (a transaction or script counts as one), in
// order of arrival per key. Serving means trying again: if the value is gone or of another type by then, the client
// keeps its place. A client that a serve feeds in turn (BLMOVE) is served in the same round.

import { parseDouble } from '../util/numbers.ts';
import type { Client } from '../client.ts';
import type { Timer } from '../clock.ts';
import type { Call } from '../dispatch/call.ts';
import { CommandError } from '../errors.ts';
import { EVENT_NEW } from '../keyspace/effects.ts';
import type { EffectListener } from '../keyspace/effects.ts';
import { KIND_FREE, KIND_LIST, KIND_ZSET } from '../keyspace/kinds.ts';
import type { Reply } from '../reply/reply.ts';
import type { Server } from '../server.ts';

interface Waiter {
  readonly call: Call;
  readonly keys: readonly string[];
  readonly serve: (call: Call, key: string) => boolean;
  readonly expire: (reply: Reply) => void;
  readonly timer: Timer | undefined;
}

export class Blocking {
  readonly server: Server;
  readonly waiters = new Map<Client, Waiter>();
  /** `db:key` to the clients that wait for it, in order of arrival. */
  readonly queues = new Map<string, Set<Client>>();
  readonly ready = new Set<string>();
  /** Some key that somebody waits for has changed. */
  hasReady = false;
  stopListening: (() => void) | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
  }

  add(
    call: Call,
    keys: readonly string[],
    timeout: number,
    serve: (call: Call, key: string) => boolean,
    expire: (reply: Reply) => void,
  ): void {
    const { server } = this;
    const { client } = call;
    const frozen = call.freeze();
    const timer =
      timeout > 0
        ? server.clock.schedule(server.clock.now() + Math.ceil(timeout * 1000), () => this.expire(client))
        : undefined;
    this.waiters.set(client, { call: frozen, keys, serve, expire, timer });
    for (const key of keys) this.queue(call.db.id, key).add(client);
    client.blocked = true;
    this.listen();
  }

  /** Try the clients that wait for changed keys, until nobody can be served any more. */
  serve(): void {
    // A transaction or script may have taken its time: what it brought can be past its own by now.
    this.server.keyspace.setNow(this.server.clock.now());
    while (this.ready.size > 0) {
      const names = [...this.ready];
      this.ready.clear();
      this.hasReady = false;
      for (const name of names) {
        const queue = this.queues.get(name);
        if (queue === undefined) continue;
        const key = name.slice(name.indexOf(':') + 1);
        for (const client of queue) {
          if (this.waiters.has(client)) this.attempt(client, key);
        }
      }
    }
    this.hasReady = false;
  }

  /** End a client's wait as if its time had run out; false when it does not wait. */
  expire(client: Client): boolean {
    const waiter = this.waiters.get(client);
    if (waiter === undefined) return false;
    this.release(client);
    waiter.expire(client.reply);
    this.resume(client);
    return true;
  }

  /** CLIENT UNBLOCK: as if time had run out, but it counts as a failed call. */
  unblock(client: Client): boolean {
    const command = this.waiters.get(client)?.call.command;
    if (!this.expire(client)) return false;
    command!.failed++;
    return true;
  }

  /** End a client's wait with an error: CLIENT UNBLOCK ERROR, a failover, a deleted stream. */
  fail(client: Client, error: CommandError): boolean {
    const waiter = this.waiters.get(client);
    if (waiter === undefined) return false;
    this.release(client);
    waiter.call.command.failed++;
    client.reply.error(error.message);
    this.resume(client);
    return true;
  }

  /** End a client's wait with an answer that does not come from a key. */
  finish(client: Client, answer: (reply: Reply) => void): boolean {
    if (!this.waiters.has(client)) return false;
    this.release(client);
    answer(client.reply);
    this.resume(client);
    return true;
  }

  forget(client: Client): void {
    if (this.waiters.has(client)) this.release(client);
  }

  /** Try a client for the key that changed; of several, the one that changed first wins. */
  attempt(client: Client, key: string): void {
    const waiter = this.waiters.get(client)!;
    const { call } = waiter;
    const { server } = this;
    const { effects } = server.keyspace;
    const outer = server.running;
    const before = call.reply.mark();
    const bytesBefore = call.reply.markBytes();
    const { dirty } = effects;
    call.db = client.db;
    server.running = client;
    const started = server.timing.begin();
    let served = true;
    try {
      served = waiter.serve(call, key);
    } catch (error) {
      call.reply.rewind(before, bytesBefore);
      call.command.failed++;
      call.reply.error(error instanceof CommandError ? error.message : server.unexpected(error));
    }
    if (effects.propagating) server.propagate(call, dirty);
    server.running = outer;
    if (client.pendingPush !== '') client.releasePushes();
    server.tracking?.release();
    if (!served) return;
    this.release(client);
    server.timing.served(call, started);
    this.resume(client);
  }

  resume(client: Client): void {
    this.server.flushLater(client);
    this.server.resumeLater(client);
  }

  release(client: Client): void {
    const { keys, call, timer } = this.waiters.get(client)!;
    timer?.cancel();
    this.waiters.delete(client);
    for (const key of keys) {
      const name = queueName(call.db.id, key);
      const queue = this.queues.get(name);
      queue?.delete(client);
      if (queue?.size === 0) this.queues.delete(name);
    }
    client.blocked = false;
    if (this.waiters.size === 0) {
      this.stopListening?.();
      this.stopListening = undefined;
    }
  }

  queue(db: number, key: string): Set<Client> {
    const name = queueName(db, key);
    let queue = this.queues.get(name);
    if (queue === undefined) this.queues.set(name, (queue = new Set()));
    return queue;
  }

  /** Listen to changes only while somebody waits. */
  listen(): void {
    if (this.stopListening !== undefined) return;
    const listener: EffectListener = {
      event: (db, kind, _, key) => {
        if (kind === EVENT_NEW) this.touched(queueName(db, key));
      },
      touched: (db, key) => {
        if (!this.wakesByBeingNew(db, key)) this.touched(queueName(db, key));
      },
      flushed: (db) => {
        for (const name of this.queues.keys()) if (name.startsWith(`${db}:`)) this.touched(name);
      },
      swapped: (first, second) => {
        // A waiter stays with the database's number, whose keys are now others.
        for (const name of this.queues.keys()) {
          if (name.startsWith(`${first}:`) || name.startsWith(`${second}:`)) this.touched(name);
        }
      },
    };
    this.stopListening = this.server.keyspace.effects.add(listener);
  }

  /** Lists and sorted sets wake by appearing: one that replaces another value (SORT … STORE) wakes nobody. */
  wakesByBeingNew(db: number, key: string): boolean {
    const database = this.server.keyspace.databases[db]!;
    const slot = database.table.findText(key);
    const kind = slot < 0 ? KIND_FREE : database.kind(slot);
    return kind === KIND_LIST || kind === KIND_ZSET;
  }

  /** Have those who wait for a key look again, though it has not changed. */
  wake(db: number, key: string): void {
    this.touched(queueName(db, key));
  }

  touched(name: string): void {
    if (!this.queues.has(name)) return;
    this.ready.add(name);
    this.hasReady = true;
  }
}

/** The timeout argument of a blocking command, in seconds. Throws Redis' errors. */
export function parseTimeout(text: string): number {
  const value = parseDouble(text);
  if (value === undefined) throw new CommandError('ERR timeout is not a float or out of range');
  // Redis rounds up to milliseconds in 64 bits: a little less than nothing is nothing, and too much is negative.
  if (Math.ceil(value * 1000) < 0 || value * 1000 >= 2 ** 63) throw new CommandError('ERR timeout is negative');
  return Math.max(0, value);
}

function queueName(db: number, key: string): string {
  return `${db}:${key}`;
}
