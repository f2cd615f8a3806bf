/** Connections of ioredis. */
import type { Link, LinkEvents, LinkState, Route, SubscriberEvents, SubscriberLink, WireArguments } from '../driver.ts';
import type { IoredisClient, IoredisCluster } from './ioredis-shapes.ts';

/** For connections of the port's own: nothing is kept, sent again or rewritten behind its back. */
export const OWN_OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableAutoPipelining: false,
  maxRetriesPerRequest: null,
  commandTimeout: undefined,
  blockingTimeout: undefined,
  showFriendlyErrorStack: false,
  monitor: false,
  readOnly: false,
  keyPrefix: '',
  stringNumbers: false,
  // Replies have one shape, and blocking commands need no push frames.
  protocol: 2,
  replyMapping: 'legacy',
  himportFieldsets: undefined,
  // When it is closed, wait this long for what was written to go out.
  disconnectTimeout: 500,
} as const;

/** @param owned whether the port may end the connection */
export function ioredisLink(client: IoredisClient | IoredisCluster, events: LinkEvents, owned: boolean): Link {
  let state: LinkState = client.status === 'ready' ? 'ready' : client.status === 'wait' ? 'idle' : 'connecting';
  const single = client.isCluster ? undefined : client;
  let cause: unknown;
  const listeners: Record<string, (error: Error) => void> = {
    ready() {
      state = 'ready';
      cause = undefined;
      events.ready();
    },
    error(error) {
      cause = error;
    },
    close() {
      const wasReady = state === 'ready';
      if (state === 'closed') return;
      state = wasReady ? 'connecting' : 'unavailable';
      // A command that was under way is not rejected by ioredis: it waits for a connection to be sent again over.
      if (wasReady) events.lost(cause);
      else events.down(cause);
    },
    end() {
      if (state === 'closed') return;
      state = 'closed';
      events.closed(cause);
    },
  };
  for (const [event, listener] of Object.entries(listeners)) client.on(event, listener);

  return {
    get state() {
      if (state === 'ready' && (client.status !== 'ready' || single?.stream?.writable === false)) return 'connecting';
      return state;
    },
    get cause() {
      return cause;
    },
    address: single ? addressOf(single) : 'the cluster',
    open() {
      if (state !== 'idle') return;
      state = 'connecting';
      // Whoever waits is told by the events.
      if (client.status === 'wait') client.connect().catch(() => undefined);
    },
    call: single ? caller(single) : (args, route) => callOn(client, args, route.buffers),
    ...(owned && { reset: () => (single?.stream ? single.stream.destroy() : client.disconnect(true)) }),
    close() {
      state = 'closed';
      if (owned) client.disconnect();
      else for (const [event, listener] of Object.entries(listeners)) client.off(event, listener);
    },
  };
}

/** Commands of one turn of the event loop go out in one write. */
function caller(client: IoredisClient): Link['call'] {
  let corked = false;
  return (args: WireArguments, route: Route) => {
    const { stream } = client;
    if (!corked && stream?.cork && stream.uncork) {
      corked = true;
      stream.cork();
      process.nextTick(() => {
        corked = false;
        stream.uncork!();
      });
    }
    return callOn(client, args, route.buffers);
  };
}

/** In capitals, since ioredis reshapes replies and arguments of commands whose names it knows in small letters. */
export function callOn(
  client: Pick<IoredisClient, 'call' | 'callBuffer'>,
  args: WireArguments,
  buffers: boolean,
): Promise<unknown> {
  const name = args[0].toUpperCase();
  const rest = args.slice(1);
  return buffers ? client.callBuffer(name, rest) : client.call(name, rest);
}

/** @param client not yet connected, and never to reconnect */
export function ioredisSubscriber(client: IoredisClient, events: SubscriberEvents): SubscriberLink {
  let cause: unknown;
  let over = false;
  const listeners = {
    error(error: Error) {
      cause = error;
    },
    end() {
      if (over) return;
      over = true;
      events.lost(cause);
    },
    messageBuffer(channel: Buffer, payload: unknown) {
      events.message(channel.toString(), payload);
    },
  };
  client.on('error', listeners.error);
  client.on('end', listeners.end);
  client.on('messageBuffer', listeners.messageBuffer);
  return {
    async open() {
      try {
        await client.connect();
        return Number(await client.call('CLIENT', ['ID']));
      } catch (error) {
        // "Connection is closed." alone would not say why.
        throw cause ?? error;
      }
    },
    async subscribe(channels) {
      await client.subscribe(channels);
    },
    async unsubscribe(channels) {
      await client.unsubscribe(channels);
    },
    ping: () => client.call('PING', []),
    close() {
      client.disconnect();
      client.stream?.destroy();
      listeners.end();
    },
  };
}

export function addressOf({ options }: Pick<IoredisClient, 'options'>): string {
  if (Array.isArray(options.sentinels)) return `the master "${options.name}" that the sentinels name`;
  return options.path ?? `${options.host ?? 'localhost'}:${options.port ?? 6379}`;
}
