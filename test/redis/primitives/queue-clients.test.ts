/** Queues and waits over every client, on redis-server, on the bundled server, and without sockets. */
import { afterAll, beforeAll, describe } from 'vitest';
import { startServer } from '../../../src/server/index.ts';
import type { StartedServer } from '../../../src/server/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import { hasRedisServer, startRedisServer } from '../../support/redis-server.ts';
import type { RedisServer } from '../../support/redis-server.ts';
import { rawCommand } from '../port/raw-command.ts';
import { queueSuite } from './queue-suite.ts';
import { overClients } from './targets.ts';

describe.skipIf(!hasRedisServer())('over redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  overClients(
    () => server.url,
    (pairOf) => {
      beforeAll(() => rawCommand(server.port, ['FLUSHALL']));
      queueSuite(() => ({
        ...pairOf(),
        command: (...args) => rawCommand(server.port, args),
        until: (promise) => promise,
      }));
    },
  );
});

describe('over the bundled server', () => {
  let server: StartedServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  overClients(
    () => server.url,
    (pairOf) => {
      beforeAll(() => server.flush());
      queueSuite(() => ({
        ...pairOf(),
        command: async (...args) => server.call(...args),
        until: (promise) => promise,
      }));
    },
  );
});

describe('over the embedded port', () => {
  const redis = startEmbedded();
  const network = { request: () => redis.random() * 3, reply: () => redis.random() * 3 };
  const pair = { a: redis.port({ network }), b: redis.port({ network }) };
  queueSuite(() => ({
    ...pair,
    command: async (...args) => redis.call(...args),
    until: (promise) => redis.time.until(promise),
  }));
});
