/** The primitives over every client and a real redis-server. */
import { afterAll, beforeAll, describe } from 'vitest';
import { hasRedisServer, startRedisServer } from '../../support/redis-server.ts';
import type { RedisServer } from '../../support/redis-server.ts';
import { rawCommand } from '../port/raw-command.ts';
import { primitivesSuite } from './suite.ts';
import { overClients } from './targets.ts';

const present = hasRedisServer();

describe.skipIf(!present)('primitives over redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  overClients(
    () => server.url,
    (pairOf) => {
      beforeAll(() => rawCommand(server.port, ['FLUSHALL']));
      primitivesSuite(() => ({
        ...pairOf(),
        command: (...args) => rawCommand(server.port, args),
        until: (promise) => promise,
      }));
    },
  );
});
