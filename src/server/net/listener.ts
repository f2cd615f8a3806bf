// Accepts connections on TCP, TLS or a unix socket and feeds their bytes to Connection.

import { Buffer } from 'node:buffer';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, isIP, Socket } from 'node:net';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { Call } from '../dispatch/call.ts';
import { Staging } from '../reply/staging.ts';
import type { Server } from '../server.ts';
import { nodeTls } from '../util/lazy-node.ts';
import { Connection, HEADROOM } from './connection.ts';
import type { Shared } from './connection.ts';
import { Housekeeping } from './housekeeping.ts';
import { refusal } from './refusal.ts';
import { Scanner } from './scanner.ts';
import { removeStaleSocket } from './stale-socket.ts';

export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  /** On `::`, leave the IPv4 addresses alone. */
  readonly ipv6Only?: boolean;
  /** Listen on a unix socket instead. */
  readonly path?: string;
  /** Octal permissions of the unix socket. */
  readonly pathMode?: number;
  readonly tls?: TlsOptions;
  readonly backlog?: number;
  /** Read into one shared buffer (default) or let Node allocate one per read. */
  readonly sharedRead?: boolean;
}

export interface Listener {
  readonly options: ListenOptions;
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  /** Stop accepting; open connections stay until the server closes them. */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

const READ_BUFFER = 64 * 1024;
const LOOPBACK = '127.0.0.1';
const DEFAULT_PORT = 6379;
const LAST_PORT = 65_535;
const BACKLOG = 511;
/** libuv's flag. */
const IPV6_ONLY = 1;

/** Start to listen; rejects when the address cannot be had. */
export async function listen(server: Server, options: ListenOptions = {}): Promise<Listener> {
  const net = prepare(server, options);
  await bindAnew(net, options);
  return listenerOf(server, net, options);
}

/** Listen at once on a numeric address, or not: undefined. */
export function listenNow(server: Server, options: ListenOptions): Listener | undefined {
  const net = prepare(server, options);
  const { host: name = LOOPBACK } = options;
  const host = name === 'localhost' ? LOOPBACK : name;
  net.once('error', (error) => server.log(`Could not listen on ${host}:${options.port}: ${error.message}`));
  bindNow(net, { ...options, host });
  return net.listening ? listenerOf(server, net, options) : undefined;
}

function prepare(server: Server, options: ListenOptions): NetServer {
  const shared = sharedState(server);
  const plain = options.tls === undefined;
  const useShared = plain && options.sharedRead !== false;
  const net = plain
    ? createServer({ pauseOnConnect: useShared, noDelay: true }, (socket) =>
        useShared ? acceptShared(server, shared, net, socket) : acceptPlain(server, shared, socket),
      )
    : nodeTls().createServer({ noDelay: true, ...options.tls }, (socket) => acceptPlain(server, shared, socket));
  return net;
}

function listenerOf(server: Server, net: NetServer, options: ListenOptions): Listener {
  net.on('error', (error) => server.log(`listener: ${error.message}`));
  const bound = net.address() as AddressInfo | string | null;
  return {
    options,
    host: typeof bound === 'object' && bound !== null ? bound.address : '',
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    path: options.path,
    close: () =>
      new Promise((done) => {
        net.close(() => {
          if (options.path !== undefined) rmSync(options.path, { force: true });
          done();
        });
      }),
    ref: () => net.ref(),
    unref: () => net.unref(),
  };
}

/** Where all connections of all servers read to: what a read brings is used up before the next one. */
let readBuffer: { readonly whole: Buffer; readonly target: Buffer } | undefined;

function sharedBuffer(): { readonly whole: Buffer; readonly target: Buffer } {
  if (readBuffer === undefined) {
    const whole = Buffer.allocUnsafeSlow(HEADROOM + READ_BUFFER);
    readBuffer = { whole, target: whole.subarray(HEADROOM) };
  }
  return readBuffer;
}

function sharedState(server: Server): Shared {
  return {
    scanner: new Scanner(server.settings.protoMaxBulkLength),
    call: new Call(server, server.addClient(undefined)),
    staging: new Staging(),
    housekeeping: new Housekeeping(server),
  };
}

/** Node's accepted sockets cannot be given a read buffer, but a new socket on their handle can. */
function acceptShared(server: Server, shared: Shared, net: NetServer, accepted: Socket): void {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (handle === null || handle === undefined) return;
  const { whole, target } = sharedBuffer();
  let connection: Connection | undefined;
  const socket = new Socket({
    handle,
    onread: {
      buffer: target,
      callback: (length: number): boolean => {
        server.guarded(connection?.client, () => connection?.receive(whole, HEADROOM, HEADROOM + length, true));
        return true;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  // Without these two, server.close() waits for ever for sockets it cannot see.
  Object.assign(socket, { _server: net, server: net });
  connection = admitSocket(server, shared, socket);
  if (connection === undefined) return;
  socket.resume();
  socket.read(0);
}

function acceptPlain(server: Server, shared: Shared, socket: Socket): void {
  const connection = admitSocket(server, shared, socket);
  socket.on('data', (bytes: Buffer) => {
    server.guarded(connection?.client, () => connection?.receive(bytes, 0, bytes.length, false));
  });
}

/** A connection, or undefined when the peer is not welcome: it is told why and closed. */
function admitSocket(server: Server, shared: Shared, socket: Socket): Connection | undefined {
  socket.unref();
  if (server.settings.tcpKeepalive > 0) socket.setKeepAlive(true, server.settings.tcpKeepalive * 1000);
  const refused = refusal(server, socket.remoteAddress);
  if (refused !== undefined) {
    server.stats.rejectedConnections++;
    socket.on('error', () => {});
    socket.end(refused, 'latin1');
    socket.resume();
    return undefined;
  }
  server.stats.connections++;
  return new Connection(server, shared, socket);
}

/** Bind, in place of a server that was killed and could not remove its socket where there is one. */
async function bindAnew(net: NetServer, options: ListenOptions): Promise<void> {
  try {
    await bind(net, options);
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (!taken || options.path === undefined || !(await removeStaleSocket(options.path))) throw error;
    await bind(net, options);
  }
}

function bind(net: NetServer, options: ListenOptions): Promise<void> {
  return new Promise((done, failed) => {
    net.once('error', failed);
    const ready = (): void => {
      net.removeListener('error', failed);
      if (options.path !== undefined && options.pathMode !== undefined) chmodSync(options.path, options.pathMode);
      done();
    };
    const { backlog = BACKLOG } = options;
    if (options.path !== undefined) {
      net.listen({ path: options.path, backlog }, ready);
    } else if (bindNow(net, options)) {
      if (net.listening) ready();
    } else {
      const { port = DEFAULT_PORT, host = LOOPBACK, ipv6Only = false } = options;
      net.listen({ port, host, ipv6Only, backlog }, ready);
    }
  });
}

/**
 * Bind to a numeric address. Node looks even such a one up before it binds, which takes longer than binding; this is
 * what it calls then. False: that could not be tried; what goes wrong otherwise comes as an `error` event.
 */
function bindNow(net: NetServer, options: ListenOptions): boolean {
  const { host = LOOPBACK, port = DEFAULT_PORT, backlog = BACKLOG, ipv6Only = false } = options;
  const setup: unknown = Reflect.get(net, '_listen2');
  const possible = isIP(host) !== 0 && Number.isInteger(port) && port >= 0 && port <= LAST_PORT;
  if (!possible || typeof setup !== 'function') return false;
  Reflect.apply(setup, net, [host, port, isIP(host), backlog, undefined, ipv6Only ? IPV6_ONLY : 0]);
  return true;
}
