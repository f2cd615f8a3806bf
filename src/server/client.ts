// A client as the commands see it: its database, protocol, name, transaction, subscriptions and output.

import type { Call } from './dispatch/call.ts';
import type { Database } from './keyspace/database.ts';
import { RespReply } from './reply/resp-reply.ts';
import type { Server } from './server.ts';
import type { Tracked } from './tracking/tracking.ts';

/** What carries a client's output away. Clients without one (scripts, embedding) keep their replies to themselves. */
export interface Transport {
  /** Write out what `client.reply` has gathered. */
  flush(): void;
  /** Close now; unread output is lost. */
  destroy(): void;
  /** Go on with commands that arrived while the client was blocked or paused. */
  resume(): void;
  readonly remote: string;
  readonly local: string;
  /** Bytes of a partial command held back; of a long argument on its way, its own alone. */
  inputBytes(): number;
  /** Room for input that only this client uses. */
  bufferBytes?(): number;
  /** Has the client been answered more than its output limit allows? Long answers ask on the way. */
  isOverflowing?(): boolean;
  /** The last long output, and when it was sent. */
  readonly longOutput?: number;
  readonly longOutputAt?: number;
  /** All bytes that wait for the rest of their command, or for the client to be allowed to go on. */
  heldBytes(): number;
  /** Bytes handed to the system and not yet taken. */
  outputBytes(): number;
}

// Reasons to look twice at each of a client's commands. A client with none of them passes dispatch with one test.
export const GATE_UNAUTHENTICATED = 1;
export const GATE_MULTI = 2;
/** Subscribed in RESP2, where only a few commands may follow. */
export const GATE_SUBSCRIBED = 4;
/** A user with fewer rights than all. */
export const GATE_ACL = 8;
/** CLIENT REPLY OFF or SKIP. */
export const GATE_SILENT = 16;
export const GATE_NO_TOUCH = 32;
export const GATE_TRACKING = 64;
/** For guards that single out clients. */
export const GATE_GUARDED = 128;

export interface Transaction {
  readonly queue: Call[];
  /** A command was refused while queueing: EXEC answers EXECABORT. */
  aborted: boolean;
  /** What the queue takes. */
  bytes: number;
  /** EXEC is working through the queue. */
  executing: boolean;
}

export class Client {
  readonly id: number;
  readonly server: Server;
  readonly reply = new RespReply();
  readonly transport: Transport | undefined;
  db: Database;
  name = '';
  libName = '';
  libVersion = '';
  user = 'default';
  /** Logged in, or let in as the default user while that one needed no password. */
  authenticated = true;
  gate = 0;
  createdAt: number;
  lastActive: number;
  /** Full name, for CLIENT LIST. */
  lastCommand = 'NULL';
  /** Set once the connection is to close when its output is out. */
  closing = false;
  closed = false;
  blocked = false;
  transaction: Transaction | undefined = undefined;
  /** Keys under WATCH; owned by Watches. */
  watched: { db: number; key: string; expired: boolean }[] = [];
  /** A watched key changed: EXEC answers null. */
  dirtyCas = false;
  channels: Set<string> = new Set();
  patterns: Set<string> = new Set();
  shardChannels: Set<string> = new Set();
  /** CLIENT REPLY: `off`, or `skip` for the next command, `skipping` while that runs. */
  silence: 'on' | 'off' | 'skip' | 'skipping' = 'on';
  noEvict = false;
  noTouch = false;
  monitor = false;
  /** Follows this server: what it is sent is the stream of effects. */
  isReplica = false;
  /** What CLIENT TRACKING asked for, while it is on. */
  tracking: Tracked | undefined = undefined;
  /** Pushes that arrived while one of this client's own commands was answering. */
  pendingPush = '';
  /** The running command's replies may be dropped, but not the pushes: they wait until that is done. */
  holdsPushes = false;
  /** Free for other rooms (tracking, scripting, ACL) to keep per-client state under a key of their own. */
  readonly extras = new Map<symbol, unknown>();

  constructor(server: Server, id: number, transport: Transport | undefined, now: number) {
    this.server = server;
    this.id = id;
    this.transport = transport;
    this.db = server.keyspace.databases[0]!;
    this.createdAt = now;
    this.lastActive = now;
    server.access.enter(this);
    this.reply.onError = (message) => server.countError(message);
  }

  get resp(): 2 | 3 {
    return this.reply.resp3 ? 3 : 2;
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size;
  }

  setProtocol(version: 2 | 3): void {
    this.reply.resp3 = version === 3;
    this.updateSubscribed();
  }

  /** Only RESP2 restricts what a subscriber may send: there, a reply could not be told from a message. */
  updateSubscribed(): void {
    this.setGate(GATE_SUBSCRIBED, !this.reply.resp3 && this.subscriptions + this.shardChannels.size > 0);
  }

  setGate(bit: number, on: boolean): void {
    this.gate = on ? this.gate | bit : this.gate & ~bit;
  }

  /** Send encoded text that answers no command: a message, an invalidation. Never splits a reply. */
  deliver(text: string): void {
    if (this.closed || this.transport === undefined) return;
    if (this.server.running === this) {
      this.pendingPush += text;
      return;
    }
    this.reply.out += text;
    this.server.flushLater(this);
  }

  /** What arrived while the client's own command was answering follows the answer. */
  releasePushes(): void {
    this.reply.out += this.pendingPush;
    this.pendingPush = '';
    this.server.flushLater(this);
  }

  /** Close once everything answered so far is out. */
  closeAfterReply(): void {
    this.closing = true;
    this.server.flushLater(this);
  }
}
