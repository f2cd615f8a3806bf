/** The port over the bundled server without sockets, with virtual time running by itself. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { canRun, portConformance } from '../../../src/redis/testing/port-conformance.ts';
import type { PortTarget } from '../../../src/redis/testing/port-conformance.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

describe('the embedded port', () => {
  const redis = startEmbedded();
  const target: PortTarget = {
    createPort: (options) => redis.port(options),
    command: async (...args) => redis.call(...args),
  };
  const stop = new AbortController();

  beforeAll(() => {
    void (async () => {
      for (;;) {
        if (stop.signal.aborted) return;
        await redis.time.advance(1);
      }
    })();
  });
  afterAll(() => stop.abort());

  for (const conformanceCase of portConformance.filter((one) => canRun(one, target))) {
    it(conformanceCase.name, () => conformanceCase.run(target));
  }
});
