/** Runs the conformance suite over one client and one server. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createPort } from '../../../src/redis/port/index.ts';
import { portConformance } from '../../../src/redis/testing/port-conformance.ts';
import type { PortTarget } from '../../../src/redis/testing/port-conformance.ts';
import type { TestClient } from './clients.ts';

export interface TestServer {
  readonly url: string;
  command(...args: string[]): Promise<unknown>;
  readonly faults: NonNullable<PortTarget['faults']>;
}

/** @param serverOf called while a test runs; `restarts`: its faults stop and start it */
export function runConformance(test: TestClient, serverOf: () => TestServer, { restarts = false } = {}): void {
  describe(test.name, () => {
    let made: ReturnType<TestClient['make']>;
    let target: PortTarget;
    beforeAll(() => {
      const server = serverOf();
      made = test.make(server.url);
      target = {
        createPort: (options) => createPort(made.client, { warn() {}, ...test.options, ...options }),
        command: (...args) => server.command(...args),
        faults: server.faults,
      };
    });
    afterAll(() => made.end());

    for (const conformanceCase of portConformance) {
      if (conformanceCase.needs === 'restart' && !restarts) continue;
      it(conformanceCase.name, () => conformanceCase.run(target));
    }
  });
}
