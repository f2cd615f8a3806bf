/** A connection to the bundled server without a socket: commands in, replies out, both at a network's pace. */
import { PaxxRedisError } from '../../src/redis/port/errors.ts';
import type { Client, Transport } from '../../src/server/client.ts';
import { Call } from '../../src/server/dispatch/call.ts';
import type { Server } from '../../src/server/server.ts';
import { ReplyReader } from './reply-text.ts';
import type { ReplyText } from './reply-text.ts';
import type { VirtualClock, VirtualTime } from './virtual-time.ts';

/**
 * How long what is sent travels, in milliseconds. Infinity: never arrives, and neither does what the same connection
 * sends behind it, since TCP keeps order. Only a new connection helps.
 */
export interface Network {
  request?(): number;
  reply?(): number;
}

export class EmbeddedConnection implements Transport {
  readonly remote = '127.0.0.1:1';
  readonly local = '127.0.0.1:0';
  readonly client: Client;
  open = true;
  /** Takes all replies where commands are not answered one by one: subscribers. */
  onUnasked: ((reply: ReplyText) => void) | undefined;
  onLost: () => void = () => {};
  private readonly server: Server;
  private readonly time: VirtualTime;
  private readonly clock: VirtualClock;
  private readonly network: () => Network;
  private readonly pending: { readonly buffers: boolean; settle(reply: ReplyText): void }[] = [];
  private held: (readonly string[])[] = [];
  private lastRequest = 0;
  private lastReply = 0;

  constructor(server: Server, time: VirtualTime, clock: VirtualClock, network: () => Network) {
    this.server = server;
    this.time = time;
    this.clock = clock;
    this.network = network;
    this.client = server.addClient(this);
    this.client.setProtocol(2);
  }

  /** @param argv byte strings @param settle is not called when the connection is lost */
  submit(argv: readonly string[], buffers: boolean, settle: (reply: ReplyText) => void): void {
    this.pending.push({ buffers, settle });
    this.tell(argv);
  }

  /** A command that is not answered by a reply. */
  tell(argv: readonly string[]): void {
    if (!this.open) return;
    this.lastRequest = this.travel(this.network().request?.() ?? 0, this.lastRequest, () => this.arrive(argv));
  }

  /** The connection is gone, at both ends. */
  lose(): void {
    if (!this.open) return;
    this.open = false;
    this.server.removeClient(this.client);
    this.clock.whenAwake(() => this.onLost(), this);
  }

  flush(): void {
    const { reply } = this.client;
    const text = reply.out;
    reply.out = '';
    if (text !== '' && this.open) {
      this.lastReply = this.travel(this.network().reply?.() ?? 0, this.lastReply, () => this.receive(text));
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
    // By the time itself: a sum of fractions may come before its like.
    else this.time.atTime(at, deliver);
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

  private receive(text: string): void {
    this.clock.whenAwake(() => {
      const replies = new ReplyReader(text);
      while (this.open && !replies.atEnd) this.take(replies);
    }, this);
  }

  private take(replies: ReplyReader): void {
    if (this.onUnasked !== undefined) return this.onUnasked(replies.read(false));
    const call = this.pending.shift();
    call?.settle(replies.read(call.buffers));
    if (call === undefined) replies.read(false);
  }
}

export function lost(): PaxxRedisError {
  return new PaxxRedisError('UNAVAILABLE', 'The connection was lost.');
}
