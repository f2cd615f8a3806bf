/** A port over a driver: one connection for commands, others as sessions, messages and tracking ask for them. */
import { AbortRegistry } from './aborts.ts';
import { within } from './budget.ts';
import { readCapabilities } from './capabilities.ts';
import { fromClientError } from './client-errors.ts';
import { systemClock } from './clock.ts';
import type { Clock, Random } from './clock.ts';
import { Connection } from './connection.ts';
import type { ConnectionSettings } from './connection.ts';
import type { Driver, Link, LinkEvents, LinkState, ServerNode } from './driver.ts';
import { PaxxRedisError } from './errors.ts';
import type { Shared } from './shared.ts';
import { settled } from './pipeline.ts';
import { sendScript } from './scripting.ts';
import { openSession } from './session.ts';
import { Subscriptions } from './subscriptions.ts';
import { DeadlineSweep } from './sweep.ts';
import { Tracking } from './tracking.ts';
import type {
  Capabilities,
  Command,
  PortState,
  RedisPort,
  RedisSession,
  Reply,
  SendOptions,
  SessionOptions,
} from './types.ts';

export interface PortOptions {
  /** Milliseconds: the deadline of calls that set none. Default 5,000. */
  readonly defaultDeadlineMs?: number;
  /** Commands under way at once, beyond which calls are rejected with OVERLOADED. Default 1,000. */
  readonly maxInFlight?: number;
  /** Bytes of commands under way. Default 8 MiB. */
  readonly maxInFlightBytes?: number;
  /**
   * Milliseconds without any reply to commands past their deadline after which a connection of the port's own is
   * taken anew: a network that swallows packets closes no connection. Default twice `defaultDeadlineMs`.
   */
  readonly stuckAfterMs?: number;
  /** Milliseconds between probes of the connections that only receive: messages, tracking. Default 10,000. */
  readonly probeEveryMs?: number;
  readonly clock?: Clock;
  /** For jitter and names: of the port and of what stands on it. */
  readonly random?: Random;
}

/** @throws PaxxRedisError INVALID for a limit or deadline that is none */
export function createPortOver(driver: Driver, options: PortOptions = {}): RedisPort {
  const settings = readSettings(options);
  const clock = options.clock ?? systemClock;
  const sweep = new DeadlineSweep(clock);
  const aborts = new AbortRegistry();
  const main = new Connection(openMain, sweep, aborts, settings);
  const sessions = new Set<RedisSession>();
  const shared: Shared = { driver, sweep, aborts, settings, random: options.random ?? Math.random };
  /** Of a cluster's nodes, by id: the main link goes to any of them. */
  const controls = new Map<string, Connection>();
  const subscriptions = new Subscriptions(shared);
  const tracking = new Tracking(shared);
  let known: Capabilities | undefined;
  let closed = false;

  const send = (command: Command, sendOptions?: SendOptions): Promise<Reply> => main.send(command, sendOptions);

  const port: RedisPort = {
    name: driver.name,
    clock,
    defaultDeadlineMs: settings.defaultDeadlineMs,
    random: shared.random,
    get state() {
      return STATES[main.state];
    },
    send,
    script: (script, keys, args, sendOptions) => sendScript(send, script, keys, args, sendOptions),
    pipeline: (commands, sendOptions) => settled(() => main.sendAll(commands, sendOptions)),
    async capabilities(sendOptions) {
      known ??= readCapabilities(
        String(await send({ args: ['INFO', 'server'], readOnly: true }, sendOptions)),
        driver.cluster,
      );
      return known;
    },
    async session(sessionOptions = {}) {
      assertOpen();
      const opening = connectedSession(sessionOptions);
      try {
        return await within(shared, 'session', sessionOptions, opening);
      } catch (error) {
        // Nobody would close one that comes too late.
        opening.then((session) => session.close()).catch(() => undefined);
        throw fromClientError(error, 'session', 'the session’s server');
      }
    },
    async subscribe(channels, listener, sendOptions) {
      assertOpen();
      return subscriptions.subscribe(channels, listener, sendOptions);
    },
    async track(listener, sendOptions) {
      assertOpen();
      return tracking.track(listener, sendOptions);
    },
    async close() {
      if (closed) return;
      closed = true;
      closeRest();
      main.close();
    },
    [Symbol.asyncDispose]: () => port.close(),
  };
  return port;

  function openMain(events: LinkEvents): Link {
    return driver.main({
      ready: () => events.ready(),
      lost: (cause) => events.lost(cause),
      down: (cause) => events.down(cause),
      closed(cause) {
        events.closed(cause);
        // The client was ended by its owner, who expects that nothing of it is left.
        closeRest();
      },
    });
  }

  function closeRest(): void {
    for (const session of sessions) session.close().catch(() => undefined);
    subscriptions.close();
    tracking.close();
    for (const connection of controls.values()) connection.close();
  }

  /** What comes back is connected. */
  async function connectedSession({ key }: SessionOptions): Promise<RedisSession> {
    const session = await openSession({
      sweep,
      aborts,
      settings,
      control,
      node: (fresh) => driver.node(key, fresh),
      closed: (ended) => sessions.delete(ended),
    });
    sessions.add(session);
    try {
      await session.send({ args: ['PING'], readOnly: true }, { deadlineMs: Infinity });
      assertOpen();
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  }

  function control(node: ServerNode): Connection {
    if (!driver.cluster) return main;
    let connection = controls.get(node.id);
    if (connection === undefined || connection.state === 'closed') {
      connection = new Connection((events) => node.connect(events, true), sweep, aborts, settings);
      controls.set(node.id, connection);
    }
    return connection;
  }

  function assertOpen(): void {
    if (closed) throw new PaxxRedisError('CLOSED', 'The port was closed.');
  }
}

const STATES: Record<LinkState, PortState> = {
  // It connects at the first command.
  idle: 'connecting',
  connecting: 'connecting',
  ready: 'ready',
  unavailable: 'unavailable',
  closed: 'closed',
};

function readSettings(options: PortOptions): ConnectionSettings {
  const defaultDeadlineMs = options.defaultDeadlineMs ?? 5000;
  const settings = {
    defaultDeadlineMs,
    maxInFlight: options.maxInFlight ?? 1000,
    maxInFlightBytes: options.maxInFlightBytes ?? 8 * 1024 * 1024,
    stuckAfterMs: options.stuckAfterMs ?? 2 * defaultDeadlineMs,
    probeEveryMs: options.probeEveryMs ?? 10_000,
  };
  for (const [name, value] of Object.entries(settings)) {
    if (!(value > 0)) throw new PaxxRedisError('INVALID', `${name} must be above 0, got ${value}`);
  }
  return settings;
}
