/**
 * A RedisPort and the bundled server in one process, without sockets, on virtual time.
 *
 * `startEmbedded()` makes the server; each `port()` is a client of it with a clock of its own. Nothing happens unless
 * `advance`, `settle` or `until` lets it, so a run with the same seed is the same run.
 */
import type { Random } from '../../src/redis/port/clock.ts';
import { createPortOver } from '../../src/redis/port/port.ts';
import type { PortOptions as LimitOptions } from '../../src/redis/port/port.ts';
import type { RedisPort } from '../../src/redis/port/types.ts';
import { ServerClock } from '../../src/server/clock.ts';
import { handlers } from '../../src/server/commands/index.ts';
import { Server } from '../../src/server/server.ts';
import { callDirectly, contentsOf, localClient } from '../../src/server/testing/direct.ts';
import type { KeyContents, Value } from '../../src/server/testing/direct.ts';
import { seededRandom } from '../../src/server/util/random.ts';
import type { Network } from './embedded-connection.ts';
import { cut, embeddedDriver, restore } from './embedded-driver.ts';
import type { Wire } from './embedded-driver.ts';
import type { ReusedServer } from './reused-server.ts';
import { VirtualClock, VirtualTime } from './virtual-time.ts';

export type { Network } from './embedded-connection.ts';
export { VirtualClock, VirtualTime } from './virtual-time.ts';

export interface EmbeddedOptions {
  /** Of the server's and the ports' random choices. */
  readonly seed?: number;
  /** Milliseconds since the epoch at which the server starts. */
  readonly startAt?: number;
  /** Instead of a new one. */
  readonly reuse?: ReusedServer;
}

export interface PortOptions extends Omit<LimitOptions, 'clock' | 'random'> {
  /** Of this client's clock against virtual time. */
  readonly offsetMs?: number;
  /** Milliseconds that this client's clock counts per virtual millisecond. */
  readonly rate?: number;
  readonly network?: Network;
}

export interface EmbeddedRedis {
  readonly server: Server;
  readonly time: VirtualTime;
  readonly random: Random;
  port(options?: PortOptions): EmbeddedPort;
  /** A command without a client, at once. */
  call(...argv: (string | number)[]): Value;
  contents(): Record<string, KeyContents>;
  /** Milliseconds since the epoch, as the server sees it. */
  serverNow(): number;
  /** All connections are lost, and timers never ring again. */
  stop(): void;
}

const START = Date.UTC(2030, 0, 1);

export function startEmbedded(options: EmbeddedOptions = {}): EmbeddedRedis {
  const { seed = 1, startAt = START, reuse } = options;
  const random = seededRandom(seed);
  reuse?.begin(seed ^ 0x5eed, startAt);
  const server = reuse?.server ?? newServer(seed, startAt);
  const local = reuse?.local ?? localClient(server);
  const time = new VirtualTime();
  time.attach(server);
  const wires: Wire[] = [];
  return {
    server,
    time,
    random,
    port: (portOptions = {}) => makePort(server, time, random, portOptions, wires),
    call: (...argv) => callDirectly(local, argv),
    contents: () => contentsOf(local),
    serverNow: () => server.clock.now(),
    stop() {
      for (const wire of wires) cut(wire);
      if (reuse === undefined) server.stop();
    },
  };
}

function newServer(seed: number, startAt: number): Server {
  const clock = new ServerClock({ virtual: true, start: startAt });
  return new Server(handlers, { clock, random: seededRandom(seed ^ 0x5eed) });
}

export interface EmbeddedPort extends RedisPort {
  readonly clock: VirtualClock;
  readonly random: Random;
  /** Replace it to change the weather. */
  network: Network;
  /** All connections are lost, and none can be made until `restore`. */
  cut(): void;
  restore(): void;
  /** The process stands still for so long, see `VirtualClock.pause`. */
  pause(...args: Parameters<VirtualClock['pause']>): void;
}

function makePort(
  server: Server,
  time: VirtualTime,
  random: Random,
  options: PortOptions,
  wires: Wire[],
): EmbeddedPort {
  const clock = new VirtualClock(time, options);
  const wire: Wire = {
    server,
    time,
    clock,
    network: options.network ?? {},
    down: false,
    open: new Set(),
    waiting: new Set(),
  };
  wires.push(wire);
  const port = createPortOver(embeddedDriver(wire), { ...options, clock, random });
  const controls = {
    cut: () => cut(wire),
    restore: () => restore(wire),
    pause: (...args: Parameters<VirtualClock['pause']>) => clock.pause(...args),
  };
  Object.defineProperty(port, 'network', {
    get: () => wire.network,
    set(network: Network) {
      wire.network = network;
    },
  });
  return Object.assign(port, controls) as EmbeddedPort;
}
