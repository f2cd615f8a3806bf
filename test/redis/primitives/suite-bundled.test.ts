/** The primitives over every client and the bundled server, and without sockets. */
import { afterAll, beforeAll, describe } from 'vitest';
import { startServer } from '../../../src/server/index.ts';
import type { StartedServer } from '../../../src/server/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import { primitivesSuite } from './suite.ts';
import { overClients } from './targets.ts';

describe('primitives over the bundled server', () => {
  let server: StartedServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  overClients(
    () => server.url,
    (pairOf) => {
      beforeAll(() => server.flush());
      primitivesSuite(() => ({
        ...pairOf(),
        command: async (...args) => server.call(...args),
        until: (promise) => promise,
      }));
    },
  );
});

describe('primitives over the embedded port', () => {
  const redis = startEmbedded();
  const network = { request: () => redis.random() * 5, reply: () => redis.random() * 5 };
  const pair = { a: redis.port({ network }), b: redis.port({ network }) };
  primitivesSuite(() => ({
    ...pair,
    command: async (...args) => redis.call(...args),
    until: (promise) => redis.time.until(promise),
  }));
});
