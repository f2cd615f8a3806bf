// Whoever follows this server: a snapshot first, then every effect as the command that makes it.

import { Buffer } from 'node:buffer';
import type { Client } from '../client.ts';
import { RdbWriter } from '../persistence/rdb/write-file.ts';
import type { Server } from '../server.ts';
import { identityOf } from './identity.ts';

const KEY = Symbol('replicas');
/** How often an idle replica hears that the link is alive, as repl-ping-replica-period says. */
const PING_MS = 10_000;

export interface Replica {
  /** The database that its stream has selected; -1 before the first command. */
  selected: number;
  /** What it has confirmed. */
  offset: number;
  /** Where it listens itself, as it says. */
  port: number;
}

export function replicasOf(server: Server): Replicas {
  let replicas = server.extras.get(KEY) as Replicas | undefined;
  if (replicas === undefined) server.extras.set(KEY, (replicas = new Replicas(server)));
  return replicas;
}

export class Replicas {
  readonly server: Server;
  readonly clients = new Map<Client, Replica>();
  /** Ports told before the client asks to follow. */
  readonly ports = new Map<Client, number>();
  stop: (() => void) | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
    server.closeListeners.push((client) => this.remove(client));
  }

  /** Send everything there is, and from now on everything that changes. `head` goes ahead of the snapshot. */
  add(client: Client, head: string): void {
    const snapshot = this.snapshot();
    client.reply.out += `${head}$${snapshot.length}\r\n${snapshot}`;
    this.clients.set(client, {
      selected: -1,
      offset: identityOf(this.server).offset,
      port: this.ports.get(client) ?? 0,
    });
    this.stop ??= this.listen();
  }

  remove(client: Client): void {
    this.ports.delete(client);
    if (!this.clients.delete(client) || this.clients.size > 0) return;
    this.stop?.();
    this.stop = undefined;
  }

  snapshot(): string {
    const writer = new RdbWriter(this.server);
    try {
      const chunks = [...writer.chunks()].filter((chunk) => chunk !== undefined);
      return Buffer.concat(chunks).latin1Slice();
    } finally {
      writer.release();
    }
  }

  listen(): () => void {
    const stop = this.server.keyspace.effects.add({ propagated: (db, argv) => this.feed(db, argv) });
    const pings = setInterval(() => this.feed(undefined, ['PING']), PING_MS);
    pings.unref();
    return () => {
      stop();
      clearInterval(pings);
    };
  }

  /** `db` is undefined for what concerns no database. */
  feed(db: number | undefined, argv: readonly string[]): void {
    const text = encode(argv);
    const identity = identityOf(this.server);
    const select = db === undefined || argv[0] === 'EXEC' ? undefined : encode(['SELECT', String(db)]);
    let selects = false;
    for (const [client, replica] of this.clients) {
      const first = select !== undefined && replica.selected !== db;
      if (first) replica.selected = db!;
      selects ||= first;
      client.deliver(first ? select + text : text);
    }
    identity.offset += text.length + (selects ? select!.length : 0);
  }
}

function encode(argv: readonly string[]): string {
  let text = `*${argv.length}\r\n`;
  for (const arg of argv) text += `$${arg.length}\r\n${arg}\r\n`;
  return text;
}
