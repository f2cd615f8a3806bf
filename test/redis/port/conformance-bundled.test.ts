/** Every client's port over the bundled server. */
import { afterAll, beforeAll, describe } from 'vitest';
import { startServer } from '../../../src/server/index.ts';
import { fewClients } from './clients.ts';
import { runConformance } from './suite.ts';

type Server = Awaited<ReturnType<typeof startServer>>;

describe('ports over the bundled server', () => {
  let server: Server;
  let frozen: ReturnType<Server['faults']['freeze']> | undefined;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  // What differs by settings of the client is held against redis-server.
  for (const client of fewClients) {
    runConformance(client, () => ({
      url: server.url,
      command: async (...args) => server.call(...args),
      faults: {
        freeze() {
          frozen = server.faults.freeze();
        },
        thaw: () => frozen?.remove(),
      },
    }));
  }
});
