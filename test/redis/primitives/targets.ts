/** The ports that primitives run over: every major of every client, in one protocol version each. */
import { afterAll, beforeAll, describe } from 'vitest';
import { createPort } from '../../../src/redis/port/index.ts';
import type { RedisPort } from '../../../src/redis/port/index.ts';
import { clients } from '../port/clients.ts';

export const CLIENTS = clients.filter(({ name }) =>
  [
    'ioredis 5, as it is by default',
    'ioredis 6, shared, RESP3',
    'node-redis 5, shared, RESP2',
    'node-redis 6, as it is by default',
  ].includes(name),
);

export interface Pair {
  readonly a: RedisPort;
  readonly b: RedisPort;
}

/** Runs a suite over two ports of each client. @param urlOf called before the tests run */
export function overClients(urlOf: () => string, suite: (pairOf: () => Pair) => void): void {
  for (const client of CLIENTS) {
    describe(client.name, () => {
      let pair: Pair;
      const ends: (() => void)[] = [];
      beforeAll(() => {
        const [a, b] = [0, 1].map(() => {
          const made = client.make(urlOf());
          ends.push(made.end);
          return createPort(made.client, { warn() {}, ...client.options });
        });
        pair = { a: a!, b: b! };
      });
      afterAll(async () => {
        await Promise.all([pair.a.close(), pair.b.close()]);
        for (const end of ends) end();
      });
      suite(() => pair);
    });
  }
}
