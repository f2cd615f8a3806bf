/** The clients that the port is made of, in the settings that change how they behave. */
import { Redis as Redis5 } from 'ioredis-5';
import { Redis as Redis6 } from 'ioredis-6';
import { createClient as createClient5 } from 'redis-5';
import { createClient as createClient6, createClientPool } from 'redis-6';
import type { CreatePortOptions } from '../../../src/redis/port/index.ts';

export interface TestClient {
  readonly name: string;
  /** Only where time is no object. */
  readonly long?: true;
  readonly options?: CreatePortOptions;
  make(url: string): { readonly client: object; end(): void };
}

interface IoredisLike {
  on(event: 'error', listener: () => void): unknown;
  disconnect(): void;
}

interface NodeRedisLike {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  readonly isOpen: boolean;
  destroy(): void;
}

/** What sharing asks for. */
export const SAFE = {
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  commandTimeout: 60_000,
  retryStrategy: () => 20,
};
const STRATEGY = { reconnectStrategy: () => 20 };

function ioredis(client: IoredisLike): ReturnType<TestClient['make']> {
  client.on('error', () => {});
  return { client, end: () => client.disconnect() };
}

function nodeRedis(client: NodeRedisLike): ReturnType<TestClient['make']> {
  client.on('error', () => {});
  return {
    client,
    end() {
      if (client.isOpen) client.destroy();
    },
  };
}

/** Every client in every setting, and whole clusters: `PAXX_LONG=1`. */
export const long = process.env['PAXX_LONG'] === '1';

const all: readonly TestClient[] = [
  { name: 'ioredis 5, as it is by default', make: (url) => ioredis(new Redis5(url, { retryStrategy: () => 20 })) },
  { name: 'ioredis 5, shared', long: true, make: (url) => ioredis(new Redis5(url, SAFE)) },
  {
    name: 'ioredis 6, as it is by default',
    make: (url) => ioredis(new Redis6(url, { retryStrategy: () => 20 })),
  },
  { name: 'ioredis 6, shared, RESP2', long: true, make: (url) => ioredis(new Redis6(url, { ...SAFE, protocol: 2 })) },
  { name: 'ioredis 6, shared, RESP3', make: (url) => ioredis(new Redis6(url, { ...SAFE, protocol: 3 })) },
  {
    name: 'ioredis 6, with options that change keys and replies',
    long: true,
    make: (url) =>
      ioredis(new Redis6(url, { ...SAFE, keyPrefix: 'prefix:', stringNumbers: true, replyMapping: 'resp3' })),
  },
  {
    name: 'node-redis 5, as it is by default',
    make: (url) => nodeRedis(createClient5({ url, socket: STRATEGY })),
  },
  {
    name: 'node-redis 5, shared, RESP2',
    long: true,
    make: (url) => nodeRedis(createClient5({ url, RESP: 2, disableOfflineQueue: true, socket: STRATEGY })),
  },
  {
    name: 'node-redis 5, shared, RESP3',
    long: true,
    make: (url) => nodeRedis(createClient5({ url, RESP: 3, disableOfflineQueue: true, socket: STRATEGY })),
  },
  {
    name: 'node-redis 6, as it is by default',
    make: (url) => nodeRedis(createClient6({ url, socket: STRATEGY })),
  },
  {
    name: 'node-redis 6, shared, RESP2',
    long: true,
    make: (url) => nodeRedis(createClient6({ url, RESP: 2, disableOfflineQueue: true, socket: STRATEGY })),
  },
  {
    name: 'node-redis 6, shared, RESP3',
    make: (url) => nodeRedis(createClient6({ url, RESP: 3, disableOfflineQueue: true, socket: STRATEGY })),
  },
  {
    name: 'node-redis 6, pool',
    long: true,
    make: (url) => nodeRedis(createClientPool({ url, socket: STRATEGY }, { minimum: 1 }) as NodeRedisLike),
  },
];

export const clients = all.filter((client) => long || client.long !== true);

/** One of each client, as most apps have them; with PAXX_LONG, all. */
export const fewClients = clients.filter(({ name }) => long || /6, as it is by default/.test(name));
