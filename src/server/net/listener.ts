// Accepts connections on TCP, TLS or a unix socket and feeds their bytes to Connection.

import { Buffer } from 'node:buffer';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { configOf } from '../config/config.ts';
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
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  /** Stop accepting; open connections stay until the server closes them. */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

const READ_BUFFER = 64 * 1024;

/** Start to listen; rejects when the address cannot be had. */
export async function listen(server: Server, options: ListenOptions = {}): Promise<Listener> {
  const shared = sharedState(server);
  const plain = options.tls === undefined;
  const useShared = plain && options.sharedRead !== false;
  const net = plain
    ? createServer({ pauseOnConnect: useShared, noDelay: true }, (socket) =>
        useShared ? acceptShared(server, shared, net, socket) : acceptPlain(server, shared, socket),
      )
    : nodeTls().createServer({ ...options.tls }, (socket) => acceptPlain(server, shared, socket));
  await bindAnew(net, options);
  net.on('error', (error) => server.log(`listener: ${error.message}`));
  const bound = net.address() as AddressInfo | string | null;
  tellConfig(server, options, bound);
  return {
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

/** So that CONFIG GET and INFO know where the server listens. */
function tellConfig(server: Server, options: ListenOptions, bound: AddressInfo | string | null): void {
  const { values } = configOf(server);
  if (options.path !== undefined) values.set('unixsocket', options.path);
  else if (typeof bound === 'object' && bound !== null) {
    values.set(options.tls === undefined ? 'port' : 'tls-port', bound.port);
    values.set('bind', bound.address);
  }
}

interface SharedState extends Shared {
  readonly buffer: Buffer;
  readonly target: Buffer;
}

function sharedState(server: Server): SharedState {
  const buffer = Buffer.allocUnsafeSlow(HEADROOM + READ_BUFFER);
  return {
    scanner: new Scanner(server.settings.protoMaxBulkLength),
    call: new Call(server, server.addClient(undefined)),
    staging: new Staging(),
    housekeeping: new Housekeeping(server),
    buffer,
    target: buffer.subarray(HEADROOM),
  };
}

/** Node's accepted sockets cannot be given a read buffer, but a new socket on their handle can. */
function acceptShared(server: Server, shared: SharedState, net: NetServer, accepted: Socket): void {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (handle === null || handle === undefined) return;
  let connection: Connection | undefined;
  const socket = new Socket({
    handle,
    onread: {
      buffer: shared.target,
      callback: (length: number): boolean => {
        server.guarded(connection?.client, () => connection?.receive(shared.buffer, HEADROOM, HEADROOM + length, true));
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

function acceptPlain(server: Server, shared: SharedState, socket: Socket): void {
  const connection = admitSocket(server, shared, socket);
  socket.on('data', (bytes: Buffer) => {
    server.guarded(connection?.client, () => connection?.receive(bytes, 0, bytes.length, false));
  });
}

/** A connection, or undefined when the peer is not welcome: it is told why and closed. */
function admitSocket(server: Server, shared: Shared, socket: Socket): Connection | undefined {
  socket.setNoDelay(true);
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
    const backlog = options.backlog ?? 511;
    if (options.path === undefined) {
      const { port = 6379, host = '127.0.0.1', ipv6Only = false } = options;
      net.listen({ port, host, ipv6Only, backlog }, ready);
    } else net.listen({ path: options.path, backlog }, ready);
  });
}
