/** A connection to the bundled server without a socket: commands in, replies out, both at a network's pace. */
import { PaxxRedisError, replyError } from '../../src/redis/port/errors.ts';
import type { Reply } from '../../src/redis/port/types.ts';
import { Decoder, ErrorReply, MapReply, PushReply, SetReply, VerbatimReply } from '../../src/redis/protocol/index.ts';
import type { RespValue } from '../../src/redis/protocol/index.ts';
import type { Client, Transport } from '../../src/server/client.ts';
import { Call } from '../../src/server/dispatch/call.ts';
import type { Server } from '../../src/server/server.ts';
import type { VirtualClock, VirtualTime } from './virtual-time.ts';

/**
 * How long what is sent travels, in milliseconds. Infinity: never arrives, and neither does what the same connection
 * sends behind it, since TCP keeps order. Only a new connection helps.
 */
export interface Network {
  request?(): number;
  reply?(): number;
}

interface Pending {
  readonly buffers: boolean;
  settle(result: Reply | PaxxRedisError): void;
}

export class EmbeddedConnection implements Transport {
  readonly remote = '127.0.0.1:1';
  readonly local = '127.0.0.1:0';
  readonly client: Client;
  open = true;
  /** Out-of-band messages. */
  onPush: (items: readonly RespValue[]) => void = () => {};
  onLost: () => void = () => {};
  private readonly server: Server;
  private readonly time: VirtualTime;
  private readonly clock: VirtualClock;
  private readonly network: () => Network;
  private readonly pending: Pending[] = [];
  private held: (readonly string[])[] = [];
  private readonly decoder: Decoder;
  private lastRequest = 0;
  private lastReply = 0;

  constructor(server: Server, time: VirtualTime, clock: VirtualClock, network: () => Network, resp: 2 | 3) {
    this.server = server;
    this.time = time;
    this.clock = clock;
    this.network = network;
    this.client = server.addClient(this);
    this.client.setProtocol(resp);
    this.decoder = new Decoder({ strings: 'buffer', onReply: (reply) => this.onReply(reply) });
  }

  /** @param argv byte strings */
  submit(argv: readonly string[], pending: Pending): void {
    if (!this.open) return pending.settle(lost());
    this.pending.push(pending);
    this.tell(argv);
  }

  /** A command that is not answered by a reply. */
  tell(argv: readonly string[]): void {
    this.lastRequest = this.travel(this.network().request?.() ?? 0, this.lastRequest, () => this.arrive(argv));
  }

  /** The connection is gone, at both ends. */
  lose(): void {
    if (!this.open) return;
    this.open = false;
    this.server.removeClient(this.client);
    for (const pending of this.pending.splice(0)) pending.settle(lost());
    this.onLost();
  }

  flush(): void {
    const { reply } = this.client;
    const text = reply.out;
    reply.out = '';
    if (text !== '' && this.open) {
      const bytes = Buffer.from(text, 'latin1');
      this.lastReply = this.travel(this.network().reply?.() ?? 0, this.lastReply, () => this.receive(bytes));
    }
    if (this.client.closing) this.time.at(0, () => this.lose());
  }

  destroy(): void {
    this.client.closing = true;
    this.time.at(0, () => this.lose());
  }

  resume(): void {
    while (this.held.length > 0 && !this.client.blocked) this.run(this.held.shift()!);
  }

  inputBytes(): number {
    return 0;
  }

  heldBytes(): number {
    return 0;
  }

  outputBytes(): number {
    return this.client.reply.pending();
  }

  /** In order, whatever the single delays; nothing happens within the call that sends. */
  private travel(delay: number, last: number, deliver: () => void): number {
    const at = Math.max(last, this.time.now + delay);
    if (at === Infinity) return at;
    if (delay === 0 && at === this.time.now) queueMicrotask(deliver);
    else this.time.at(at - this.time.now, deliver);
    return at;
  }

  private arrive(argv: readonly string[]): void {
    if (!this.open || this.client.closing) return;
    if (this.client.blocked || this.held.length > 0) this.held.push(argv);
    else this.run(argv);
  }

  private run(argv: readonly string[]): void {
    const { server, client } = this;
    server.beginBatch();
    client.lastActive = server.keyspace.now;
    server.stats.commands++;
    server.dispatch(new Call(server, client).load(argv));
    this.flush();
    server.endBatch();
  }

  private receive(bytes: Buffer): void {
    this.clock.whenAwake(() => {
      if (this.open) this.decoder.write(bytes);
    });
  }

  private onReply(reply: RespValue): void {
    if (reply instanceof PushReply) return this.onPush(reply.items);
    const pending = this.pending.shift();
    if (pending === undefined) return;
    pending.settle(reply instanceof ErrorReply ? replyError(reply.message) : normalize(reply, pending.buffers));
  }
}

function lost(): PaxxRedisError {
  return new PaxxRedisError('UNAVAILABLE', 'The connection was lost.');
}

/** The port's shapes: what both protocol versions and all clients can agree on. */
export function normalize(value: RespValue, buffers: boolean): Reply {
  if (value instanceof Uint8Array) return buffers ? value : Buffer.from(value).toString('utf8');
  if (value instanceof VerbatimReply) return value.text;
  if (value instanceof MapReply) return value.entries.flatMap((pair) => pair.map((item) => normalize(item, buffers)));
  if (value instanceof SetReply) return value.items.map((item) => normalize(item, buffers));
  if (value instanceof ErrorReply) throw replyError(value.message);
  if (Array.isArray(value)) return (value as readonly RespValue[]).map((item) => normalize(item, buffers));
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value as Reply;
}
