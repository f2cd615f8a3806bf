/** Every client's port over a real redis-server. */
import { afterAll, beforeAll, describe } from 'vitest';
import { hasRedisServer, startRedisServer, type RedisServer } from '../../support/redis-server.ts';
import { clients } from './clients.ts';
import { rawCommand } from './raw-command.ts';
import { runConformance } from './suite.ts';
import type { TestServer } from './suite.ts';

const present = hasRedisServer();

describe.skipIf(!present)('ports over redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  for (const client of clients) {
    const target = (): TestServer => ({
      url: server.url,
      command: (...args) => rawCommand(server.port, args),
      faults: {
        freeze: () => server.freeze(),
        thaw: () => server.thaw(),
        stop: () => server.kill(),
        start: () => server.start(),
      },
    });
    runConformance(client, target, { restarts: true });
  }
});
