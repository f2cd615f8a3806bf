/** The port's driver for the bundled server without sockets: connections on virtual time, and the faults of a network. */
import type {
  Driver,
  Link,
  LinkEvents,
  LinkState,
  ServerNode,
  SubscriberEvents,
  SubscriberLink,
  WireArguments,
} from '../../src/redis/port/driver.ts';
import type { Server } from '../../src/server/server.ts';
import { EmbeddedConnection, lost } from './embedded-connection.ts';
import type { Network } from './embedded-connection.ts';
import { encode } from './reply-text.ts';
import type { VirtualClock, VirtualTime } from './virtual-time.ts';

/** What the connections of one client stand on. */
export interface Wire {
  readonly server: Server;
  readonly time: VirtualTime;
  readonly clock: VirtualClock;
  network: Network;
  /** No connection can be made. */
  down: boolean;
  readonly open: Set<EmbeddedConnection>;
  /** Links that connect again when the network is back. */
  readonly waiting: Set<() => void>;
}

/** All connections are lost, and none can be made until `restore`. */
export function cut(wire: Wire): void {
  wire.down = true;
  for (const connection of wire.open) connection.lose();
}

export function restore(wire: Wire): void {
  if (!wire.down) return;
  wire.down = false;
  for (const attempt of wire.waiting) attempt();
}

export function embeddedDriver(wire: Wire): Driver {
  const node: ServerNode = {
    id: 'embedded',
    connect: (events, reconnect) => link(wire, events, reconnect),
    subscriber: (events) => subscriber(wire, events),
  };
  return {
    name: 'embedded',
    cluster: false,
    main: (events) => link(wire, events, true),
    node: () => Promise.resolve(node),
  };
}

function dial(wire: Wire, onLost: () => void): EmbeddedConnection {
  const connection = new EmbeddedConnection(wire.server, wire.time, wire.clock, () => wire.network);
  wire.open.add(connection);
  connection.onLost = () => {
    wire.open.delete(connection);
    onLost();
  };
  return connection;
}

function link(wire: Wire, events: LinkEvents, reconnect: boolean): Link {
  let state: LinkState = 'idle';
  let connection: EmbeddedConnection | undefined;

  function attempt(): void {
    if (state === 'closed') return;
    wire.waiting.delete(attempt);
    if (wire.down) {
      state = reconnect ? 'unavailable' : 'closed';
      if (reconnect) {
        wire.waiting.add(attempt);
        events.down(lost());
      } else events.closed(lost());
      return;
    }
    state = 'ready';
    connection = dial(wire, () => {
      if (state === 'closed') return;
      state = reconnect ? 'connecting' : 'closed';
      events.lost(lost());
      if (reconnect) queueMicrotask(attempt);
      else events.closed(lost());
    });
    events.ready();
  }

  return {
    get state() {
      return state;
    },
    cause: undefined,
    address: 'embedded',
    open() {
      if (state !== 'idle') return;
      state = 'connecting';
      queueMicrotask(attempt);
    },
    call: (args, { buffers }) => call(connection!, args, buffers),
    reset: () => connection?.lose(),
    close() {
      state = 'closed';
      wire.waiting.delete(attempt);
      connection?.lose();
    },
  };
}

function call(connection: EmbeddedConnection, args: WireArguments, buffers: boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.submit(args.map(encode), buffers, (reply) => {
      if (reply instanceof Error) reject(reply);
      else resolve(reply);
    });
  });
}

/** In RESP2 each channel is confirmed by an array of its own, which looks like a message. */
function subscriber(wire: Wire, events: SubscriberEvents): SubscriberLink {
  let connection: EmbeddedConnection | undefined;
  let over = false;
  const confirmations: (() => void)[] = [];
  const pongs: (() => void)[] = [];

  function end(): void {
    if (over) return;
    over = true;
    connection?.lose();
    events.lost(lost());
  }

  function receive(value: unknown): void {
    if (value === 'PONG') return pongs.shift()?.();
    if (!Array.isArray(value)) return;
    const [kind, channel, payload] = value as readonly unknown[];
    const word = String(kind);
    if (word === 'message') events.message(String(channel), payload);
    else if (word === 'pong') pongs.shift()?.();
    else confirmations.shift()?.();
  }

  /** Sends a command that is answered by so many messages. */
  function ask(args: readonly string[], answers: (() => void)[], count: number): Promise<void> {
    if (connection === undefined || over) return Promise.reject(lost());
    const answered = new Promise<void>((resolve) => {
      for (let i = 1; i < count; i++) answers.push(() => {});
      answers.push(resolve);
    });
    connection.tell(args.map(encode));
    return answered;
  }

  return {
    async open() {
      await Promise.resolve();
      if (wire.down || over) throw lost();
      connection = dial(wire, end);
      connection.onUnasked = receive;
      return connection.client.id;
    },
    subscribe: (channels) => ask(['SUBSCRIBE', ...channels], confirmations, channels.length),
    unsubscribe: (channels) => ask(['UNSUBSCRIBE', ...channels], confirmations, channels.length),
    ping: () => ask(['PING'], pongs, 1),
    close: end,
  };
}
