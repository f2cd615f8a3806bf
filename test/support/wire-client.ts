/** A raw connection that does nothing by itself and loses nothing of a reply's wire type. Strings are byte strings. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { DecodedReply } from '../../src/redis/commands/index.ts';
import { encodeByteCommand } from '../../src/redis/protocol/index.ts';

export interface WireClient {
  /** Send a command and wait for the next reply. */
  send(argv: readonly string[]): Promise<DecodedReply>;
  /** Send a command and do not wait; resolves when it has been written. */
  post(argv: readonly string[]): Promise<void>;
  /** The next reply or push that arrives or has arrived. */
  next(): Promise<DecodedReply>;
  raw(bytes: string): void;
  close(): void;
  readonly socket: Socket;
}

export async function openWire(port: number, protocol: 2 | 3 = 2): Promise<WireClient> {
  const arrived: DecodedReply[] = [];
  const waiting: { done: (value: DecodedReply) => void; failed: (error: Error) => void }[] = [];
  let failure: Error | undefined;
  const reader = new WireReader((reply) => {
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(reply);
    else waiter.done(reply);
  });
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((done, failed) => {
    socket.once('connect', () => done()).once('error', failed);
  });
  socket.setNoDelay(true);
  socket.on('data', (bytes) => reader.write(bytes.toString('latin1')));
  const end = (error?: Error): void => {
    failure ??= error ?? new Error('the server closed the connection');
    for (const { failed } of waiting.splice(0)) failed(failure);
  };
  socket.on('error', end).on('close', () => end());
  const next = (): Promise<DecodedReply> => {
    if (arrived.length > 0) return Promise.resolve(arrived.shift()!);
    if (failure !== undefined) return Promise.reject(failure);
    return new Promise((done, failed) => {
      waiting.push({ done, failed });
    });
  };
  const client: WireClient = {
    send: (argv) => {
      socket.write(encodeByteCommand(argv), 'latin1');
      return next();
    },
    post: (argv) =>
      new Promise((done) => {
        socket.write(encodeByteCommand(argv), 'latin1', () => done());
      }),
    next,
    raw: (bytes) => void socket.write(bytes, 'latin1'),
    close: () => socket.destroy(),
    socket,
  };
  if (protocol === 3) await client.send(['HELLO', '3']);
  return client;
}

/** Decodes latin1 text piece by piece; a reply is looked at again from its start until all of it is there. */
export class WireReader {
  readonly onReply: (reply: DecodedReply) => void;
  text = '';
  at = 0;
  pieces: string[] = [];
  /** No use looking before this many characters are there. */
  awaited = 0;
  gathered = 0;

  constructor(onReply: (reply: DecodedReply) => void) {
    this.onReply = onReply;
  }

  write(piece: string): void {
    this.pieces.push(piece);
    this.gathered += piece.length;
    if (this.gathered < this.awaited) return;
    this.text = this.pieces.join('');
    this.at = 0;
    let done = 0;
    this.awaited = 0;
    while (this.at < this.text.length) {
      const reply = this.value();
      if (reply === undefined) break;
      this.awaited = 0;
      done = this.at;
      this.onReply(reply);
    }
    const rest = this.text.slice(done);
    this.awaited = Math.max(0, this.awaited - done);
    this.pieces = rest === '' ? [] : [rest];
    this.gathered = rest.length;
  }

  value(): DecodedReply | undefined {
    const { text } = this;
    const end = text.indexOf('\r\n', this.at);
    if (end < 0) return undefined;
    const kind = text[this.at]!;
    const line = text.slice(this.at + 1, end);
    this.at = end + 2;
    switch (kind) {
      case '+':
        return { type: 'simple', value: line };
      case '-':
        return { type: 'error', value: line };
      case ':':
        return { type: 'integer', value: Number.isSafeInteger(Number(line)) ? Number(line) : BigInt(line) };
      case ',':
        return { type: 'double', value: Number(line.replace('inf', 'Infinity')) };
      case '#':
        return { type: 'boolean', value: line === 't' };
      case '(':
        return { type: 'bignumber', value: line };
      case '_':
        return { type: 'null', form: 'resp3' };
      case '$':
      case '=':
        return this.bulk(kind, Number(line));
      case '*':
      case '~':
      case '>':
      case '%':
        return this.items(kind, Number(line));
      default:
        throw new Error(`no reply begins like ${JSON.stringify(kind + line.slice(0, 40))}`);
    }
  }

  bulk(kind: '$' | '=', length: number): DecodedReply | undefined {
    if (length < 0) return { type: 'null', form: 'bulk' };
    if (this.text.length < this.at + length + 2) {
      this.awaited = this.at + length + 2;
      return undefined;
    }
    const value = this.text.slice(this.at, this.at + length);
    this.at += length + 2;
    return kind === '$' ? { type: 'bulk', value } : { type: 'verbatim', value: value.slice('txt:'.length) };
  }

  items(kind: '*' | '~' | '>' | '%', length: number): DecodedReply | undefined {
    if (length < 0) return { type: 'null', form: 'array' };
    const items: DecodedReply[] = [];
    for (let i = 0; i < (kind === '%' ? length * 2 : length); i++) {
      const item = this.value();
      if (item === undefined) return undefined;
      items.push(item);
    }
    if (kind !== '%') return { type: ({ '*': 'array', '~': 'set', '>': 'push' } as const)[kind], items };
    const entries = Array.from({ length }, (_, i) => [items[2 * i], items[2 * i + 1]] as [DecodedReply, DecodedReply]);
    return { type: 'map', entries };
  }
}
