// Client-side caching: which clients may hold which keys, and telling them when these change.
//
// By default a key's readers are remembered and told once, at its next change; readers are remembered by the numbers
// of their connections and never cleaned up, as in Redis. Clients in broadcasting mode are told of every change under
// their prefixes instead, see broadcast.ts. While no client tracks and nothing is remembered, nobody listens.

import { FLAG_BITS, keysOf } from '../../redis/commands/index.ts';
import type { CommandRow } from '../../redis/commands/index.ts';
import { GATE_TRACKING } from '../client.ts';
import type { Client } from '../client.ts';
import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import { EVENT_EVICTED, EVENT_EXPIRED } from '../keyspace/effects.ts';
import type { Server } from '../server.ts';
import { Broadcast } from './broadcast.ts';
import { keyList, nullFor, sendInvalidation } from './messages.ts';
import { TableLimit } from './table-limit.ts';

/** What a client asked for with CLIENT TRACKING ON. */
export interface Tracked {
  /** The connection that gets the messages; 0: this one. */
  redirect: number;
  broadcast: boolean;
  mode: 'optin' | 'optout' | undefined;
  noLoop: boolean;
  /** CLIENT CACHING said the opposite of `mode` for the next command. */
  caching: boolean;
  /** The connection to redirect to was gone when there was something to send. */
  broken: boolean;
  readonly prefixes: Set<string>;
}

export interface TrackingOptions {
  readonly redirect: number;
  readonly broadcast: boolean;
  readonly mode: 'optin' | 'optout' | undefined;
  readonly noLoop: boolean;
  readonly prefixes: readonly string[];
}

/** What a remembered key takes besides its text, and each of its readers, as measured. */
const KEY_BYTES = 190;
const READER_BYTES = 24;

/** Scripts count as read-only when they are called so; what they read is remembered as they read it. */
const SCRIPTS = new Set(['eval_ro', 'evalsha_ro', 'fcall_ro']);

/** The server's tracking, opened by the first client that asks for it. */
export function openTracking(server: Server): Tracking {
  return (server.tracking ??= new Tracking(server));
}

export class Tracking {
  readonly server: Server;
  readonly clients = new Set<Client>();
  /** Keys to the connections that read them. A key means the same in every database. */
  readonly table = new Map<string, Set<number>>();
  /** Readers in the table. */
  items = 0;
  /** What the table takes. */
  bytes = 0;
  readonly broadcast: Broadcast;
  readonly limit: TableLimit;
  /** What a running client is told behind its own reply: a key, or undefined for all of them. */
  pending: { readonly client: Client; readonly key: string | undefined }[] = [];
  stopListening: (() => void) | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
    this.broadcast = new Broadcast(server);
    this.limit = new TableLimit(this);
    server.closeListeners.push((client) => this.disable(client));
    server.resetListeners.push((client) => this.disable(client));
    configOf(server).onChange('tracking-table-max-keys', () => this.limit.check());
  }

  /** Switch on, or change the options of a client that tracks already; its prefixes add up. */
  enable(client: Client, { redirect, broadcast, mode, noLoop, prefixes }: TrackingOptions): void {
    const before = client.tracking;
    const tracked: Tracked = {
      redirect,
      broadcast,
      mode,
      noLoop,
      caching: before?.caching ?? false,
      broken: false,
      prefixes: before?.prefixes ?? new Set(),
    };
    client.tracking = tracked;
    this.clients.add(client);
    client.setGate(GATE_TRACKING, true);
    if (broadcast) for (const prefix of prefixes.length === 0 ? [''] : prefixes) this.broadcast.add(client, prefix);
    this.stopListening ??= this.listen();
  }

  disable(client: Client): void {
    if (!this.clients.delete(client)) return;
    this.broadcast.remove(client);
    client.tracking = undefined;
    client.setGate(GATE_TRACKING, false);
    this.rest();
  }

  /** A command of a tracking client is over: remember what it read, then tell it what it changed itself. */
  after(call: Call): void {
    const { client, command } = call;
    const { tracking } = client;
    this.read(call);
    if (tracking?.caching === true && client.transaction === undefined && !command.name.startsWith('client')) {
      tracking.caching = false;
    }
    this.release();
  }

  /** A command of a client that may track has run: did it read keys? */
  read(call: Call): void {
    const { client, command } = call;
    if ((command.flags & FLAG_BITS.readonly) === 0 || SCRIPTS.has(command.name) || !this.remembers(client)) return;
    if (hasOneKey(command.row)) this.note(client, call.arg(1));
    else this.rememberKeys(client, command.row, call.args(0));
  }

  /** A script read something: its client may hold whatever the script declared. */
  rememberScript(client: Client, argv: readonly string[]): void {
    const command = this.server.registry.get(argv[0]!.toLowerCase());
    if (command !== undefined && this.remembers(client)) this.rememberKeys(client, command.row, argv);
  }

  rememberKeys(client: Client, row: CommandRow, argv: readonly string[]): void {
    for (const { index } of keysOf(row, argv)) this.note(client, argv[index]!);
  }

  remembers({ tracking }: Client): boolean {
    if (tracking === undefined || tracking.broadcast) return false;
    return tracking.mode === undefined || (tracking.mode === 'optin') === tracking.caching;
  }

  note(client: Client, key: string): void {
    let readers = this.table.get(key);
    if (readers === undefined) {
      this.table.set(key, (readers = new Set()));
      this.bytes += KEY_BYTES + key.length;
    }
    if (readers.has(client.id)) return;
    readers.add(client.id);
    this.items++;
    this.bytes += READER_BYTES;
    this.limit.check();
  }

  listen(): () => void {
    return this.server.keyspace.effects.add({
      touched: (_, key) => {
        this.broadcast.note(key);
        this.invalidate(key, this.server.running);
      },
      event: (_, kind, __, key) => {
        if (kind === EVENT_EXPIRED || kind === EVENT_EVICTED) this.broadcast.disown(key);
      },
      flushed: (_, last) => {
        if (last) this.invalidateAll();
      },
    });
  }

  /** Tell a key's readers and forget them. A running client is told behind its reply. */
  invalidate(key: string, running: Client | undefined): void {
    const readers = this.table.get(key);
    if (readers === undefined) return;
    this.table.delete(key);
    this.items -= readers.size;
    this.bytes -= KEY_BYTES + key.length + readers.size * READER_BYTES;
    for (const id of readers) {
      const client = this.server.clients.get(id);
      const tracked = client?.tracking;
      if (client === undefined || tracked === undefined || tracked.broadcast) continue;
      if (client !== running) sendInvalidation(client, keyList([key]));
      else if (!tracked.noLoop) this.pending.push({ client, key });
    }
    if (this.clients.size === 0) this.rest();
  }

  /** All keys are gone. Told is who tracks, whatever it has read. */
  invalidateAll(): void {
    for (const client of this.clients) {
      if (client === this.server.running) this.pending.push({ client, key: undefined });
      else sendInvalidation(client, nullFor(client));
    }
    this.table.clear();
    this.items = 0;
    this.bytes = 0;
  }

  /** Tell what was held back while a client's own command ran. */
  release(): void {
    if (this.pending.length === 0) return;
    const { pending } = this;
    this.pending = [];
    for (const { client, key } of pending) {
      sendInvalidation(client, key === undefined ? nullFor(client) : keyList([key]));
    }
  }

  rest(): void {
    if (this.clients.size > 0 || this.table.size > 0) return;
    this.stopListening?.();
    this.stopListening = undefined;
  }
}

/** Is the first argument the only key, however the command is called? */
function hasOneKey({ keySpecs, arity }: CommandRow): boolean {
  if (keySpecs.length !== 1 || Math.abs(arity) < 2) return false;
  const { begin, find, flags } = keySpecs[0]!;
  if (begin.type !== 'index' || begin.index !== 1 || find.type !== 'range' || find.lastKey !== 0) return false;
  return !flags.includes('not_key') && !flags.includes('variable_flags');
}
