/** A connection that keeps every reply's wire type, and a sentinel to ask. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DecodedReply } from '../../src/redis/commands/index.ts';

export interface Sentinel {
  readonly port: number;
  stop(): Promise<void>;
}

/** A sentinel that watches nothing; it insists on a configuration file of its own. */
export async function startSentinel(): Promise<Sentinel> {
  const dir = await mkdtemp(join(tmpdir(), 'paxx-sentinel-'));
  const port = await freePort();
  await writeFile(join(dir, 'sentinel.conf'), `port ${port}\nbind 127.0.0.1\ndir ${dir}\n`);
  const child = spawn('redis-server', [join(dir, 'sentinel.conf'), '--sentinel'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => String(chunk).includes('Sentinel ID is') && resolve());
    child.once('exit', () => reject(new Error('the sentinel did not start')));
  });
  return {
    port,
    async stop() {
      child.kill('SIGKILL');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export interface RawClient {
  call(...args: string[]): Promise<DecodedReply>;
  /** Sends without waiting; replies come by `next`. */
  send(...args: string[]): void;
  next(): Promise<DecodedReply>;
  close(): void;
}

export async function connectRaw(port: number, protocol: 2 | 3): Promise<RawClient> {
  const socket: Socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let buffer = '';
  const waiting: ((reply: DecodedReply) => void)[] = [];
  const ready: DecodedReply[] = [];
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    buffer += chunk;
    for (let read = decode(buffer, 0); read !== undefined; read = decode(buffer, 0)) {
      buffer = buffer.slice(read.end);
      const waiter = waiting.shift();
      if (waiter === undefined) ready.push(read.reply);
      else waiter(read.reply);
    }
  });
  const client: RawClient = {
    send(...args) {
      const parts = args.map((arg) => `$${Buffer.byteLength(arg, 'latin1')}\r\n${arg}\r\n`);
      socket.write(`*${args.length}\r\n${parts.join('')}`, 'latin1');
    },
    next() {
      const reply = ready.shift();
      return reply === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(reply);
    },
    call(...args) {
      client.send(...args);
      return client.next();
    },
    close: () => socket.destroy(),
  };
  if (protocol === 3) await client.call('HELLO', '3');
  return client;
}

/** A reply as plain values: strings, numbers, null, arrays; sets as arrays, maps as objects. */
export function plain(reply: DecodedReply): unknown {
  switch (reply.type) {
    case 'null':
      return null;
    case 'map':
      return Object.fromEntries(reply.entries.map(([k, v]) => [String(plain(k)), plain(v)]));
    case 'array':
    case 'set':
    case 'push':
      return reply.items.map(plain);
    default:
      return reply.value;
  }
}

interface Read {
  readonly reply: DecodedReply;
  readonly end: number;
}

function decode(text: string, start: number): Read | undefined {
  const lineEnd = text.indexOf('\r\n', start);
  if (lineEnd < 0) return undefined;
  const kind = text[start];
  const line = text.slice(start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (kind) {
    case '+':
      return { reply: { type: 'simple', value: line }, end };
    case '-':
      return { reply: { type: 'error', value: line }, end };
    case ':':
      return { reply: { type: 'integer', value: BigInt(line) }, end };
    case ',':
      return { reply: { type: 'double', value: Number(line.replace('inf', 'Infinity')) }, end };
    case '#':
      return { reply: { type: 'boolean', value: line === 't' }, end };
    case '(':
      return { reply: { type: 'bignumber', value: line }, end };
    case '_':
      return { reply: { type: 'null', form: 'resp3' }, end };
    case '$':
    case '=':
      return decodeBulk(text, end, Number(line), kind);
    case '*':
    case '~':
    case '>':
    case '%':
      return decodeItems(text, end, Number(line), kind);
    default:
      throw new Error(`unknown reply type in ${JSON.stringify(text.slice(start, start + 40))}`);
  }
}

function decodeBulk(text: string, start: number, length: number, kind: '$' | '='): Read | undefined {
  if (length < 0) return { reply: { type: 'null', form: 'bulk' }, end: start };
  if (text.length < start + length + 2) return undefined;
  const value = text.slice(start, start + length);
  const reply: DecodedReply =
    kind === '$' ? { type: 'bulk', value } : { type: 'verbatim', value: value.slice('txt:'.length) };
  return { reply, end: start + length + 2 };
}

function decodeItems(text: string, start: number, length: number, kind: '*' | '~' | '>' | '%'): Read | undefined {
  if (length < 0) return { reply: { type: 'null', form: 'array' }, end: start };
  const items: DecodedReply[] = [];
  let end = start;
  for (let i = 0; i < (kind === '%' ? length * 2 : length); i++) {
    const read = decode(text, end);
    if (read === undefined) return undefined;
    items.push(read.reply);
    end = read.end;
  }
  if (kind !== '%') return { reply: { type: ({ '*': 'array', '~': 'set', '>': 'push' } as const)[kind], items }, end };
  const entries = Array.from({ length }, (_, i) => [items[2 * i], items[2 * i + 1]] as [DecodedReply, DecodedReply]);
  return { reply: { type: 'map', entries }, end };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
