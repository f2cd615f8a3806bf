// WATCH: which clients must not execute their transaction because a key changed under them.

import { GATE_MULTI } from '../client.ts';
import type { Client } from '../client.ts';
import type { EffectListener } from '../keyspace/effects.ts';
import type { Server } from '../server.ts';

export class Watches {
  readonly server: Server;
  /** `db:key` to the clients that watch it. */
  readonly watchers = new Map<string, Set<Client>>();
  stopListening: (() => void) | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
  }

  watch(client: Client, key: string): void {
    const db = client.db.id;
    if (client.watched.some((watched) => watched.db === db && watched.key === key)) return;
    // A key that is past its time but still there counts as gone: its removal later must not spoil the transaction.
    client.watched.push({ db, key, expired: client.db.peekKey(key) < 0 });
    const name = `${db}:${key}`;
    const clients = this.watchers.get(name);
    if (clients === undefined) this.watchers.set(name, new Set([client]));
    else clients.add(client);
    this.stopListening ??= this.server.keyspace.effects.add(this.listener());
  }

  unwatch(client: Client): void {
    for (const { db, key } of client.watched) {
      const name = `${db}:${key}`;
      const clients = this.watchers.get(name);
      clients?.delete(client);
      if (clients?.size === 0) this.watchers.delete(name);
    }
    client.watched = [];
    client.dirtyCas = false;
    if (this.watchers.size === 0) {
      this.stopListening?.();
      this.stopListening = undefined;
    }
  }

  /** Has a watched key's time come, though nobody has noticed yet? EXEC asks. */
  hasExpired(client: Client): boolean {
    const { databases, now } = this.server.keyspace;
    return client.watched.some(({ db, key, expired }) => {
      if (expired) return false;
      const database = databases[db]!;
      const slot = database.table.findText(key);
      const at = slot < 0 ? 0 : database.expiryOf(slot);
      return at !== 0 && at <= now;
    });
  }

  listener(): EffectListener {
    return {
      touched: (db, key) => this.spoil(`${db}:${key}`),
      flushed: (db) => this.replaced(db, undefined),
      swapped: (first, second) => {
        this.replaced(first, second);
        this.replaced(second, first);
      },
    };
  }

  spoil(name: string): void {
    const clients = this.watchers.get(name);
    if (clients !== undefined) for (const client of clients) client.dirtyCas = true;
  }

  /**
   * A database's keys give way to another's, or to none: spoiled is who watches a key that was or will be there. To
   * whom it was gone or past its time when the watch began, one that is past its time is no change.
   */
  replaced(db: number, by: number | undefined): void {
    const { databases } = this.server.keyspace;
    for (const [name, clients] of this.watchers) {
      if (!name.startsWith(`${db}:`)) continue;
      const key = name.slice(String(db).length + 1);
      const wasThere = databases[db]!.table.findText(key) >= 0;
      const willBe = by !== undefined && databases[by]!.table.findText(key) >= 0;
      if (!wasThere && !willBe) continue;
      const willLive = by !== undefined && databases[by]!.peekKey(key) >= 0;
      for (const client of clients) {
        const watched = client.watched.find((one) => one.db === db && one.key === key);
        if (watched?.expired !== true || willLive) client.dirtyCas = true;
      }
    }
  }
}

/** Back to normal: no queue, nothing watched. */
export function leaveTransaction(client: Client): void {
  client.transaction = undefined;
  client.setGate(GATE_MULTI, false);
  client.server.watches.unwatch(client);
}
