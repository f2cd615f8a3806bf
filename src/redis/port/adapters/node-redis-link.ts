/** Connections of node-redis. */
import type { Link, LinkEvents, LinkState, Route, SubscriberEvents, SubscriberLink, WireArguments } from '../driver.ts';
import type { NodeRedisClient, NodeRedisOptions } from './node-redis-shapes.ts';

/** Codes of reply types of RESP3 that are decoded otherwise than by default, to have the shapes of RESP2. */
const SHAPES = {
  // double, big number
  44: String,
  40: String,
  // map, set
  37: Array,
  126: Array,
};
/** Bulk, simple and verbatim strings. */
const BYTES = { 36: Buffer, 43: Buffer, 61: Buffer };
/** The timeout of version 6 ends only what was not written yet, and costs more than the command. */
const OPTIONS = {
  2: { text: { timeout: 0 }, bytes: { timeout: 0, typeMapping: BYTES } },
  // A mapping costs about as much as the rest of the command.
  3: { text: { timeout: 0, typeMapping: SHAPES }, bytes: { timeout: 0, typeMapping: { ...SHAPES, ...BYTES } } },
};

/** Options of a command. @param protocol that the connection speaks; 3 does for both */
export function commandOptions({ buffers }: Pick<Route, 'buffers'>, protocol: 2 | 3 = 3): object {
  return OPTIONS[protocol][buffers ? 'bytes' : 'text'];
}

/** For connections of the port's own: nothing waits or is sent behind its back. */
export function ownOptions(options: NodeRedisOptions = {}, reconnect = true): object {
  return {
    ...OWN_OPTIONS,
    socket: {
      ...options.socket,
      // It ends connections over which nothing comes, as is the way of those that block or receive.
      socketTimeout: undefined,
      ...(!reconnect && { reconnectStrategy: false }),
    },
  };
}

export const OWN_OPTIONS = {
  disableOfflineQueue: true,
  commandsQueueMaxLength: undefined,
  pingInterval: undefined,
  readonly: undefined,
  commandOptions: { timeout: 0 },
  // Replies have one shape, and blocking commands need no push frames; what needs these is off.
  RESP: 2,
  clientSideCache: undefined,
  emitInvalidate: undefined,
  maintNotifications: 'disabled',
} as const;

/** @param owned whether the port may end the connection */
export function nodeRedisLink(client: NodeRedisClient, events: LinkEvents, owned: boolean): Link {
  let state: LinkState = client.isReady ? 'ready' : client.isOpen ? 'connecting' : 'idle';
  let cause: unknown;
  const protocol = client.options?.['RESP'] === 2 ? 2 : 3;
  let resetting = false;
  const end = (): void => {
    if (state === 'closed' || resetting) return;
    state = 'closed';
    events.closed(cause);
  };
  // node-redis has no way to take a new connection but to end and to connect again.
  const reset = (): void => {
    if (state !== 'ready' || !client.isOpen) return;
    resetting = true;
    client.destroy();
    listeners['error']!(new Error('no reply came, so a new connection is made'));
    resetting = false;
    client.connect().catch(() => undefined);
  };
  const listeners: Record<string, (error: Error) => void> = {
    ready() {
      if (state === 'closed') return;
      state = 'ready';
      cause = undefined;
      events.ready();
    },
    error(error) {
      if (state === 'closed' || client.isReady) return;
      cause = error;
      const wasReady = state === 'ready';
      state = wasReady ? 'connecting' : 'unavailable';
      if (wasReady) events.lost(error);
      else events.down(error);
      // Its strategy has given up.
      if (!client.isOpen && !resetting) end();
    },
    end,
  };
  for (const [event, listener] of Object.entries(listeners)) client.on(event, listener);

  return {
    get state() {
      return state === 'ready' && !client.isReady ? 'connecting' : state;
    },
    get cause() {
      return cause;
    },
    address: addressOf(client),
    open() {
      if (state !== 'idle') return;
      state = 'connecting';
      if (!client.isOpen) {
        client.connect().catch((error: unknown) => {
          cause ??= error;
          if (!client.isOpen) end();
        });
      }
    },
    call: (args: WireArguments, route: Route) => client.sendCommand(args, commandOptions(route, protocol)),
    ...(owned && { reset }),
    close() {
      state = 'closed';
      if (owned) destroy(client);
      else for (const [event, listener] of Object.entries(listeners)) client.off(event, listener);
    },
  };
}

/** Once what was sent in this turn is written. */
export function destroy(client: Pick<NodeRedisClient, 'destroy'>): void {
  setImmediate(() => {
    try {
      client.destroy();
    } catch {
      // It was closed already.
    }
  });
}

/** @param client not yet connected, in RESP2, and never to reconnect */
export function nodeRedisSubscriber(client: NodeRedisClient, events: SubscriberEvents): SubscriberLink {
  let over = false;
  const lost = (cause?: unknown): void => {
    if (over) return;
    over = true;
    events.lost(cause);
  };
  const onMessage = (payload: unknown, channel: unknown): void => events.message(String(channel), payload);
  client.on('error', (error) => {
    if (!client.isReady) lost(error);
  });
  client.on('end', () => lost());
  return {
    async open() {
      await client.connect();
      return Number(await client.sendCommand(['CLIENT', 'ID'], OPTIONS[2].text));
    },
    async subscribe(channels) {
      await client.subscribe(channels, onMessage, true);
    },
    async unsubscribe(channels) {
      await client.unsubscribe(channels);
    },
    ping: () => client.sendCommand(['PING'], OPTIONS[2].text),
    close() {
      destroy(client);
      lost();
    },
  };
}

export function addressOf({ options }: Pick<NodeRedisClient, 'options'>): string {
  const socket = options?.socket;
  return socket?.path ?? `${socket?.host ?? 'localhost'}:${socket?.port ?? 6379}`;
}
