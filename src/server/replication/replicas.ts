// Whoever follows this server: a snapshot first, or what it missed, then every effect as the command that makes it.

import { Buffer } from 'node:buffer';
import { encodeByteCommand } from '../../redis/protocol/index.ts';
import type { Client } from '../client.ts';
import { configOf } from '../config/config.ts';
import { savingOf } from '../persistence/saving.ts';
import { RdbWriter } from '../persistence/rdb/write-file.ts';
import type { RdbOptions } from '../persistence/rdb/write-file.ts';
import type { Server } from '../server.ts';
import { Backlog } from './backlog.ts';
import { identityOf } from './identity.ts';

const KEY = Symbol('replicas');
const CRON_MS = 1000;

export interface Replica {
  /** What it has confirmed. */
  offset: number;
  /** What it has confirmed to be on its disk. */
  stored: number;
  /** When it last spoke. */
  lastAck: number;
}

/** What a replica says of itself before it follows. */
export interface Announcement {
  port: number;
  ip: string;
  /** What the snapshot is to have; all of it when nothing is said. */
  parts?: RdbOptions;
}

/** Told when a replica has confirmed more. */
type AckListener = () => void;

export function replicasOf(server: Server): Replicas {
  let replicas = server.extras.get(KEY) as Replicas | undefined;
  if (replicas === undefined) server.extras.set(KEY, (replicas = new Replicas(server)));
  return replicas;
}

/** Without making anything, for those who only ask. */
export function hasReplicas(server: Server): boolean {
  return ((server.extras.get(KEY) as Replicas | undefined)?.clients.size ?? 0) > 0;
}

export class Replicas {
  readonly server: Server;
  readonly clients = new Map<Client, Replica>();
  readonly announced = new Map<Client, Announcement>();
  readonly ackListeners = new Set<AckListener>();
  /** There from the first replica on, for as long as `repl-backlog-ttl` says after the last. */
  backlog: Backlog | undefined = undefined;
  /** The database that the stream has selected; -1: none that a new replica would know. */
  selected = -1;
  /** As a replica of another server: what comes from there goes on as it is. */
  relaying = false;
  stop: (() => void) | undefined = undefined;
  /** Where in the stream the last effect ends; what follows only keeps the link alive. */
  written = 0;
  lastSeen = 0;
  /** Nothing is to be added to the stream that is no effect: a failover waits for its end. */
  isQuiet = false;
  lastPing = 0;

  constructor(server: Server) {
    this.server = server;
    server.closeListeners.push((client) => this.remove(client));
    server.stopListeners.push(() => this.stop?.());
    configOf(server).onChange('repl-backlog-size', () => {
      if (this.backlog !== undefined) this.backlog.size = this.backlogSize;
    });
  }

  get backlogSize(): number {
    return Number(configOf(this.server).value('repl-backlog-size'));
  }

  /** Those that have spoken within `min-replicas-max-lag`. */
  get good(): number {
    const longest = Number(configOf(this.server).value('min-replicas-max-lag'));
    let count = 0;
    for (const replica of this.clients.values()) if (this.lagOf(replica) <= longest) count++;
    return count;
  }

  lagOf({ lastAck }: Replica): number {
    return Math.floor((this.server.clock.now() - lastAck) / 1000);
  }

  announcementOf(client: Client): Announcement {
    let found = this.announced.get(client);
    if (found === undefined) this.announced.set(client, (found = { port: 0, ip: '' }));
    return found;
  }

  /** Where others reach it. */
  addressOf(client: Client): { readonly ip: string; readonly port: number } {
    const { ip, port } = this.announcementOf(client);
    return { ip: ip === '' ? (client.transport?.remote ?? '').replace(/:\d+$/, '') : ip, port };
  }

  /** Everything there is, and from now on everything that changes. `sync`: an old replica, which wants no answer first. */
  addFully(client: Client, sync: boolean): void {
    const { id, offset } = identityOf(this.server);
    this.listen();
    const snapshot = this.snapshot(this.announcementOf(client).parts);
    const head = sync ? '' : `+FULLRESYNC ${id} ${offset}\r\n`;
    client.reply.out += `${head}$${snapshot.length}\r\n${snapshot}`;
    this.join(client, offset);
    this.selected = -1;
  }

  /** Only what it misses; false when that is not known any more. */
  addPartly(client: Client, id: string, offset: number): boolean {
    const identity = identityOf(this.server);
    const missing = identity.includes(id, offset) ? this.backlog?.from(offset - 1) : undefined;
    if (missing === undefined) return false;
    client.reply.out += `+CONTINUE ${identity.id}\r\n${missing}`;
    this.join(client, offset - 1);
    return true;
  }

  join(client: Client, offset: number): void {
    client.isReplica = true;
    const now = this.server.clock.now();
    this.clients.set(client, { offset, stored: 0, lastAck: now });
    this.listen();
  }

  remove(client: Client): void {
    this.announced.delete(client);
    if (this.clients.delete(client)) this.lastSeen = this.server.clock.now();
  }

  /** Have them all come again, to hear the new id of their history. */
  disconnect(): void {
    for (const client of this.clients.keys()) client.transport?.destroy();
  }

  /** Their history is over: they come again for a snapshot. */
  forsake(): void {
    this.disconnect();
    this.backlog = undefined;
  }

  snapshot(parts: RdbOptions | undefined): string {
    const writer = new RdbWriter(this.server, parts);
    try {
      const chunks = [...writer.chunks()].filter((chunk) => chunk !== undefined);
      return Buffer.concat(chunks).latin1Slice();
    } finally {
      writer.release();
    }
  }

  listen(): void {
    this.backlog ??= new Backlog(identityOf(this.server).offset, this.backlogSize);
    if (this.stop !== undefined) return;
    const saving = savingOf(this.server);
    const stop = this.server.keyspace.effects.add({
      propagated: (db, argv) => {
        // What is loaded is no change.
        if (saving.loading === undefined) this.feed(db, argv);
      },
    });
    const cron = setInterval(() => this.tick(), CRON_MS);
    cron.unref();
    this.lastPing = this.server.clock.now();
    this.stop = () => {
      stop();
      clearInterval(cron);
      this.stop = undefined;
    };
  }

  /** `db` is undefined for what concerns no database. */
  feed(db: number | undefined, argv: readonly string[]): void {
    if (this.relaying) return;
    let text = encodeByteCommand(argv);
    if (db !== undefined && argv[0] !== 'EXEC' && db !== this.selected) {
      text = encodeByteCommand(['SELECT', String(db)]) + text;
      this.selected = db;
    }
    const identity = identityOf(this.server);
    identity.offset += text.length;
    if (db !== undefined) this.written = identity.offset;
    this.send(text);
  }

  /** Pass on a stretch of a stream whose offset is somebody else's to count. */
  send(text: string): void {
    this.backlog?.add(text);
    for (const client of this.clients.keys()) client.deliver(text);
  }

  ask(): void {
    this.feed(undefined, ['REPLCONF', 'GETACK', '*']);
  }

  acknowledge(client: Client, offset: number, stored: number): void {
    const replica = this.clients.get(client);
    if (replica === undefined) return;
    replica.offset = Math.max(replica.offset, offset);
    replica.stored = Math.max(replica.stored, stored);
    replica.lastAck = this.server.clock.now();
    for (const listener of this.ackListeners) listener();
  }

  /** How many have confirmed `offset`. */
  countAt(offset: number): number {
    let count = 0;
    for (const replica of this.clients.values()) if (replica.offset >= offset) count++;
    return count;
  }

  countStoredAt(offset: number): number {
    let count = 0;
    for (const replica of this.clients.values()) if (replica.stored >= offset) count++;
    return count;
  }

  tick(): void {
    const { server } = this;
    const config = configOf(server);
    const now = server.clock.now();
    if (this.clients.size === 0) {
      const ttl = Number(config.value('repl-backlog-ttl')) * 1000;
      if (this.relaying || ttl === 0 || now - this.lastSeen < ttl) return;
      // Nobody may come back to a stream that is not kept.
      identityOf(server).renew();
      this.backlog = undefined;
      this.stop?.();
      return;
    }
    if (!this.isQuiet && now - this.lastPing >= Number(config.value('repl-ping-replica-period')) * 1000) {
      this.lastPing = now;
      this.feed(undefined, ['PING']);
    }
    const patience = Number(config.value('repl-timeout')) * 1000;
    for (const [client, { lastAck }] of this.clients) {
      if (now - lastAck <= patience) continue;
      server.log(`Disconnecting timedout replica: ${client.transport?.remote}`);
      client.transport?.destroy();
    }
  }
}
