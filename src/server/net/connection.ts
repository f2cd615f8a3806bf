// One connection: received bytes become commands, their replies one write per read.
//
// All connections read into one shared buffer, so what a read leaves unfinished is put aside at once: a short rest is
// copied back in front of the next read's bytes, a long one (or one of a client that may not run now) gathers in a
// buffer of the connection's own, where scanning resumes.

import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { GATE_UNAUTHENTICATED } from '../client.ts';
import type { Client, Transport } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import type { Staging } from '../reply/staging.ts';
import type { Server } from '../server.ts';
import type { OutputLimit } from '../settings.ts';
import type { Housekeeping } from './housekeeping.ts';
import { SCAN_COMMAND, SCAN_ERROR, Scanner } from './scanner.ts';

/** Room in front of the shared read buffer for a short rest. */
export const HEADROOM = 16 * 1024;
/** Replies beyond this are written before the read's last command has run, to bound the memory they take. */
const FLUSH_EARLY = 256 * 1024;
/**
 * With more than this unread, the connection stops reading until its client catches up. High enough for a client that
 * sends a long pipeline before it reads the first answer: stopping such a client early would stop it for ever.
 */
const UNREAD_PAUSE = 64 * 1024 * 1024;
/** Before AUTH nobody is owed more than a few errors. */
const UNAUTHENTICATED_OUTPUT = 1024;
const UNAUTHENTICATED_QUERY_BUFFER = 1024 * 1024;
/** From here on Redis reads an argument into a buffer of its own, without the line that announces it. */
const LONG_ARGUMENT = 32 * 1024;
const LINE_FEED = 10;

/** An own buffer that has grown beyond this is kept for a while. */
const WORTH_KEEPING = 32 * 1024;
const KEPT_AT_MOST = 1024 * 1024;
const KEPT_MS = 400;

/** What the connections of a server share. */
export interface Shared {
  readonly scanner: Scanner;
  readonly call: Call;
  readonly staging: Staging;
  readonly housekeeping: Housekeeping;
}

export class Connection implements Transport {
  readonly server: Server;
  readonly shared: Shared;
  readonly socket: Socket;
  readonly client: Client;
  readonly remote: string;
  /** A short rest of the last read. */
  rest: Buffer | undefined = undefined;
  restLength = 0;
  /** What the rest is the beginning of, where its length is announced; known only while memory is limited. */
  restAwaited = 0;
  /** Set while input gathers in the connection's own buffer. */
  own: Scanner | undefined = undefined;
  /** A long own buffer that has served, kept for the next long command. */
  spare: Buffer | undefined = undefined;
  /** The longest input since housekeeping looked at the spare buffer. */
  longestInput = 0;
  /** The last output that went as bytes: how long it was, and when. */
  longOutput = 0;
  longOutputAt = 0;
  draining = false;
  /** When the unread output passed the soft limit, while it has not fallen below. */
  lagsSince: number | undefined = undefined;
  ended = false;
  consuming = false;

  constructor(server: Server, shared: Shared, socket: Socket) {
    this.server = server;
    this.shared = shared;
    this.socket = socket;
    this.remote = address(socket.remoteAddress, socket.remotePort);
    this.client = server.addClient(this);
    this.client.reply.staging = shared.staging;
    shared.housekeeping.add(this);
    socket.on('close', () => this.closed());
    socket.on('error', () => this.destroy());
    socket.on('end', () => this.onEnd());
  }

  /**
   * Take `bytes[start, end)`. `headroom` says that HEADROOM bytes before `start` may be overwritten. The bytes are
   * only borrowed until this returns.
   */
  receive(bytes: Buffer, start: number, end: number, headroom: boolean): void {
    if (this.client.closing || this.client.closed) return;
    this.server.stats.reads++;
    this.server.stats.inputBytes += end - start;
    if (this.own !== undefined) {
      this.client.lastActive = this.server.clock.now();
      this.gather(this.own, bytes, start, end);
      if (this.mayRun()) this.consumeOwn();
      return;
    }
    let from = start;
    if (this.restLength > 0) {
      if (!headroom) {
        const own = this.startOwn(this.rest!, 0, this.restLength, undefined);
        this.restLength = 0;
        this.gather(own, bytes, start, end);
        if (this.mayRun()) this.consumeOwn();
        return;
      }
      from = start - this.restLength;
      this.rest!.copy(bytes, from, 0, this.restLength);
      this.restLength = 0;
    }
    if (!this.mayRun()) {
      this.startOwn(bytes, from, end, undefined);
      return;
    }
    const { scanner } = this.shared;
    scanner.reset();
    scanner.bytes = bytes;
    scanner.at = from;
    scanner.limit = end;
    this.consume(scanner);
    const left = end - scanner.commandStart;
    if (this.client.closing || left <= 0) return;
    // A few arguments are scanned again faster than they are remembered.
    if (left <= HEADROOM && (scanner.expected === 0 || scanner.argc <= 16) && this.mayRun())
      this.keepRest(bytes, end - left, end);
    else this.startOwn(bytes, end - left, end, scanner);
    if (this.server.clientMemory !== undefined) {
      this.restAwaited = scanner.awaited - scanner.commandStart;
      this.server.clientMemory.changed(this.client);
    }
  }

  get local(): string {
    return address(this.socket.localAddress, this.socket.localPort);
  }

  flush(): void {
    const { reply } = this.client;
    if (this.server.beforeOutput !== undefined) this.server.beforeOutput();
    const { staging } = this.shared;
    if (!this.socket.destroyed && this.isOverflowing()) this.discardOutput();
    if (staging.owner === reply) this.flushStaging();
    if (reply.out !== '' && !this.socket.destroyed) {
      const { out } = reply;
      reply.out = '';
      this.server.stats.writes++;
      this.server.stats.outputBytes += out.length;
      if (!this.socket.write(out, 'latin1')) this.checkOutput();
      else if ((this.client.gate & GATE_UNAUTHENTICATED) !== 0) this.checkOutput();
    }
    // Closed in both directions: what the peer still sends has no reader.
    if (this.client.closing) this.socket.destroySoon();
  }

  /** Has the client been answered more than its hard limit allows, whatever it reads of it? */
  isOverflowing(): boolean {
    const { hard } = this.outputLimit();
    // A replica's snapshot does not count, only what the replica leaves unread.
    return hard > 0 && !this.client.isReplica && this.outputBytes() > hard;
  }

  discardOutput(): void {
    const { reply } = this.client;
    const { staging } = this.shared;
    if (staging.owner === reply) staging.release(true);
    reply.out = '';
    this.overcome();
  }

  /** Write what has gathered as bytes, the text behind it included. */
  flushStaging(): void {
    const { reply } = this.client;
    const { staging } = this.shared;
    staging.addText(reply.out);
    reply.out = '';
    if (this.socket.destroyed) return staging.release(true);
    this.server.stats.writes++;
    this.server.stats.outputBytes += staging.used;
    this.longOutput = staging.used;
    this.longOutputAt = this.server.keyspace.now;
    const { bytes } = staging;
    let taken = false;
    const free = this.socket.write(staging.content(), () => {
      if (!taken) staging.giveBack(bytes);
    });
    // Node tries to write at once; what is left over then still lies in the buffer.
    taken = this.socket.writableLength === 0;
    staging.release(taken);
    if (!free) this.checkOutput();
  }

  resume(): void {
    if (this.own !== undefined && this.mayRun()) this.consumeOwn();
    if (this.ended) this.onEnd();
  }

  destroy(): void {
    this.client.closing = true;
    this.socket.destroy();
  }

  inputBytes(): number {
    const { own } = this;
    if (own === undefined) return this.restLength;
    const long = own.awaited - own.at > LONG_ARGUMENT;
    return own.limit - (long ? own.bytes.indexOf(LINE_FEED, own.at) + 1 : own.at);
  }

  heldBytes(): number {
    // As in Redis, a long argument counts from its announcement on, though here it gets room only as it arrives.
    if (this.own !== undefined) return Math.max(this.own.limit, this.own.awaited);
    return this.restLength === 0 ? 0 : Math.max(this.restLength, this.restAwaited);
  }

  bufferBytes(): number {
    return (this.own?.bytes.length ?? 0) + (this.spare?.length ?? 0);
  }

  outputBytes(): number {
    return this.socket.writableLength + this.client.reply.pending();
  }

  /** Run commands until the scanner has no whole one left, or the client may not go on. */
  consume(scanner: Scanner): void {
    const { server, client } = this;
    const { call } = this.shared;
    scanner.authenticated = (client.gate & GATE_UNAUTHENTICATED) === 0;
    call.client = client;
    call.reply = client.reply;
    call.bytes = scanner.bytes;
    this.consuming = true;
    server.beginBatch();
    client.lastActive = server.keyspace.now;
    scanner.maxBulk = server.settings.protoMaxBulkLength;
    let commands = 0;
    for (;;) {
      const found = scanner.next();
      if (found !== SCAN_COMMAND) {
        if (found === SCAN_ERROR) this.protocolError(scanner.error);
        break;
      }
      commands++;
      call.db = client.db;
      call.argc = scanner.argc;
      call.start = scanner.start;
      call.end = scanner.end;
      server.dispatch(call);
      if (client.closing || client.blocked || this.draining) {
        scanner.commandStart = scanner.at;
        break;
      }
      if (!scanner.authenticated) scanner.authenticated = (client.gate & GATE_UNAUTHENTICATED) === 0;
      if (client.reply.pending() > FLUSH_EARLY) this.flush();
    }
    server.stats.commands += commands;
    if (commands > 0) client.lastCommand = call.command === undefined ? 'NULL' : call.command.name;
    this.consuming = false;
    this.flush();
    server.endBatch();
  }

  consumeOwn(): void {
    const scanner = this.own!;
    this.consume(scanner);
    if (this.client.closing) return;
    const done = scanner.expected === 0 ? scanner.commandStart : 0;
    if (done === scanner.limit) {
      this.own = undefined;
      if (scanner.bytes.length > WORTH_KEEPING) this.keep(scanner.bytes, scanner.limit);
    } else if (done > 0) {
      scanner.bytes.copyWithin(0, done, scanner.limit);
      scanner.limit -= done;
      scanner.at = 0;
      scanner.commandStart = 0;
    } else if (scanner.expected !== 0 && scanner.commandStart > 0) {
      this.own = undefined;
      this.startOwn(scanner.bytes, scanner.commandStart, scanner.limit, scanner);
    }
  }

  keepRest(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.rest === undefined || this.rest.length < length) {
      this.rest = Buffer.allocUnsafeSlow(Math.min(HEADROOM, Math.max(512, length * 2)));
    }
    bytes.copy(this.rest, 0, start, end);
    this.restLength = length;
  }

  startOwn(bytes: Buffer, start: number, end: number, progress: Scanner | undefined): Scanner {
    const own = new Scanner(this.server.settings.protoMaxBulkLength);
    if (this.spare !== undefined && this.spare.length >= end - start) {
      own.bytes = this.spare;
      this.spare = undefined;
    } else own.bytes = Buffer.allocUnsafeSlow(Math.max(1024, (end - start) * 2));
    bytes.copy(own.bytes, 0, start, end);
    own.limit = end - start;
    if (progress !== undefined) own.resume(progress);
    this.own = own;
    return own;
  }

  /** Who sends one long command often sends more: spare them growing a buffer each time. */
  keep(bytes: Buffer, used: number): void {
    this.longestInput = Math.max(this.longestInput, used);
    if (bytes.length > KEPT_AT_MOST) return;
    this.spare = bytes;
    this.shared.housekeeping.wakeAt(this.server.clock.now() + KEPT_MS);
  }

  /** Drop the spare buffer unless it has been used well since the last look. Returns when to look again, if ever. */
  checkSpare(now: number): number {
    if (this.spare === undefined) return Infinity;
    if (this.longestInput * 2 < this.spare.length) this.spare = undefined;
    this.longestInput = 0;
    return this.spare === undefined ? Infinity : now + KEPT_MS;
  }

  /** Add to the own buffer. It doubles as bytes arrive: what a client announces costs nothing. */
  gather(own: Scanner, bytes: Buffer, start: number, end: number): void {
    const length = own.limit + end - start;
    const cap = own.authenticated ? this.server.settings.queryBufferLimit : UNAUTHENTICATED_QUERY_BUFFER;
    if (length > cap) {
      this.server.log(`Closing client that reached max query buffer length: id=${this.client.id}`);
      this.destroy();
      return;
    }
    if (length > own.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, own.bytes.length * 2));
      own.bytes.copy(grown, 0, 0, own.limit);
      own.bytes = grown;
    }
    bytes.copy(own.bytes, own.limit, start, end);
    own.limit = length;
    this.server.clientMemory?.changed(this.client);
  }

  mayRun(): boolean {
    return !this.client.blocked && !this.draining && !this.client.closing;
  }

  protocolError(error: string): void {
    this.server.log(`Protocol error (${error}) from client ${this.client.id}`);
    this.client.reply.error(`ERR Protocol error: ${error}`);
    this.client.closing = true;
  }

  /** Unread output has grown: cut the client off at its hard limit, note the soft one, or stop reading from it. */
  checkOutput(): void {
    const { server, client } = this;
    const unread = this.socket.writableLength;
    const limit = this.outputLimit();
    const early = (client.gate & GATE_UNAUTHENTICATED) !== 0 && unread > UNAUTHENTICATED_OUTPUT;
    if (early || (limit.hard > 0 && unread > limit.hard)) return this.overcome();
    server.clientMemory?.changed(client);
    if (limit.soft > 0 && unread > limit.soft) {
      const now = server.clock.now();
      this.lagsSince ??= now;
      this.shared.housekeeping.wakeAt(this.lagsSince + limit.softSeconds * 1000 + 1);
    }
    if (unread <= UNREAD_PAUSE || this.draining) return;
    this.draining = true;
    this.socket.pause();
    this.socket.once('drain', () => {
      this.draining = false;
      this.socket.resume();
      server.resumeLater(client);
    });
  }

  /** Has the client been above its soft limit for too long? Returns when to look again, if ever. */
  checkLag(now: number): number {
    const limit = this.outputLimit();
    if (limit.soft === 0 || this.socket.writableLength <= limit.soft) {
      this.lagsSince = undefined;
      return Infinity;
    }
    const due = this.lagsSince! + limit.softSeconds * 1000;
    if (now <= due) return due + 1;
    this.overcome();
    return Infinity;
  }

  outputLimit(): OutputLimit {
    const { outputLimits } = this.server.settings;
    const { client } = this;
    if (client.monitor || client.isReplica) return outputLimits.replica;
    return client.subscriptions + client.shardChannels.size > 0 ? outputLimits.pubsub : outputLimits.normal;
  }

  overcome(): void {
    this.server.log(
      `Client id=${this.client.id} addr=${this.remote} scheduled to be closed ASAP for overcoming of output buffer limits.`,
    );
    this.server.stats.outputLimitDisconnections++;
    this.destroy();
    this.server.removeClient(this.client);
  }

  /** The peer has sent all it will; it still gets what its commands answer. */
  onEnd(): void {
    this.ended = true;
    if (this.draining) return;
    if (this.client.blocked) {
      // A client that waits on a half-closed connection is gone, as far as Redis can tell.
      this.destroy();
      return;
    }
    this.socket.end();
  }

  closed(): void {
    this.client.closing = true;
    this.own = undefined;
    this.spare = undefined;
    this.rest = undefined;
    const { staging, housekeeping } = this.shared;
    if (staging.owner === this.client.reply) staging.release(true);
    housekeeping.connections.delete(this);
    this.server.removeClient(this.client);
  }
}

function address(host: string | undefined, port: number | undefined): string {
  if (host === undefined) return '?:0';
  const plain = host.startsWith('::ffff:') ? host.slice(7) : host;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
