/** Ports behind a network that misbehaves. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPort, isPaxxRedisError } from '../../../src/redis/port/index.ts';
import type { Command, RedisPort } from '../../../src/redis/port/index.ts';
import { portConformance } from '../../../src/redis/testing/port-conformance.ts';
import { startServer } from '../../../src/server/index.ts';
import { startChaosProxy, type ChaosProxy } from '../../support/chaos-proxy.ts';
import { fewClients, long, type TestClient } from './clients.ts';

type Server = Awaited<ReturnType<typeof startServer>>;

const INCR: Command = { args: ['INCR', 'counter'], key: 'counter' };
const GET: Command = { args: ['GET', 'counter'], key: 'counter', readOnly: true };
/** `*2\r\n$4\r\nINCR\r\n$7\r\ncounter\r\n` */
const REQUEST_BYTES = 27;

let server: Server;
let proxy: ChaosProxy;
beforeAll(async () => {
  server = await startServer();
  proxy = await startChaosProxy(server.port);
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
});

for (const client of fewClients) {
  describe(`${client.name}, behind a proxy`, () => {
    let made: ReturnType<TestClient['make']>;
    let port: RedisPort;
    beforeEach(() => {
      made = client.make(proxy.url);
      server.flush();
    });
    afterEach(async () => {
      proxy.heal();
      await port.close();
      made.end();
    });
    const open = (options: Parameters<typeof createPort>[1] = {}): RedisPort => {
      port = createPort(made.client, { warn() {}, connection: 'own', ...options });
      return port;
    };

    it('sends no write twice, wherever the request is cut', async () => {
      open();
      await ready();
      for (let bytes = 0; bytes <= REQUEST_BYTES; bytes += long ? 1 : 9) {
        const before = counter();
        const struck = proxy.cut({ direction: 'request', afterBytes: bytes });
        const outcome = await port.send(INCR).catch((error: unknown) => error);
        expect(isPaxxRedisError(outcome, 'UNAVAILABLE'), `${bytes}: ${String(outcome)}`).toBe(true);
        expect(struck()).toBe(true);
        await ready();
        // All of it arrived or none of it counts.
        expect(counter() - before, `${bytes} bytes`).toBe(bytes === REQUEST_BYTES ? 1 : 0);
      }
    });

    it('sends no write twice, wherever the reply is cut, and reads again', async () => {
      open();
      await ready();
      for (const bytes of [0, 1, 2, 3]) {
        for (const how of ['reset', 'close'] as const) {
          const before = counter();
          proxy.cut({ direction: 'reply', afterBytes: bytes, how });
          const outcome = await port.send(INCR).catch((error: unknown) => error);
          // Some decoders take `:7\r` for the whole of `:7\r\n`.
          const whole = bytes === 3 && outcome === before + 1;
          expect(whole || isPaxxRedisError(outcome, 'UNAVAILABLE'), `${bytes}: ${String(outcome)}`).toBe(true);
          await ready();
          expect(counter() - before).toBe(1);

          const struck = proxy.cut({ direction: 'reply', afterBytes: bytes, how });
          // Where the next attempt to connect fails as well, the caller is told; there is nothing to fail it here.
          expect(await port.send(GET)).toBe(String(counter()));
          expect(struck()).toBe(true);
        }
      }
    });

    it('gets every reply through slices of few bytes', async () => {
      proxy.slice(long ? 1 : 5);
      const names = ['replies have the shapes that RESP2 gives them', 'bytes go and come unchanged'];
      for (const conformanceCase of portConformance.filter(({ name }) => names.includes(name))) {
        await conformanceCase.run({
          createPort: (options) => open(options),
          command: async (...args) => server.call(...args),
        });
      }
    });

    it('replaces a connection that swallows everything', async () => {
      open({ defaultDeadlineMs: 40, stuckAfterMs: 60 });
      await ready();
      const connections = proxy.accepted;
      proxy.swallow();
      const outcomes: unknown[] = [];
      while (proxy.accepted === connections) {
        outcomes.push(await port.send(GET).catch((error: unknown) => error));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(outcomes.every((error) => isPaxxRedisError(error))).toBe(true);
      proxy.heal();
      await ready();
    });

    it('settles calls of which only the reply is swallowed', async () => {
      open({ stuckAfterMs: 60_000 });
      await ready();
      proxy.swallow('reply');
      const outcome = await port.send(INCR, { deadlineMs: 30 }).catch((error: unknown) => error);
      expect(isPaxxRedisError(outcome, 'TIMEOUT')).toBe(true);
      proxy.heal();
      await ready();
      expect(counter()).toBeLessThanOrEqual(1);
    });

    it('notices that messages and invalidations are swallowed', async () => {
      open({ probeEveryMs: 30, defaultDeadlineMs: 400 });
      const heard: string[] = [];
      const told: unknown[] = [];
      await port.subscribe(['channel'], {
        message: (_, payload) => void heard.push(payload),
        gap: () => void heard.push('gap'),
      });
      const tracker = await port.track({ changed: (keys) => void told.push(keys) });
      await tracker.read(GET);
      const { validUntil } = tracker;
      await eventually(() => tracker.validUntil > validUntil);
      proxy.swallow('reply');
      server.call('PUBLISH', 'channel', 'lost');
      server.call('SET', 'counter', '5');
      await eventually(() => told.includes(null));
      proxy.heal();
      await eventually(() => heard.includes('gap'));
      server.call('PUBLISH', 'channel', 'heard');
      await eventually(() => heard.includes('heard'));
      expect(new Set(heard)).toEqual(new Set(['gap', 'heard']));
      await eventually(() =>
        tracker.read(GET).then(
          (reply) => reply === '5',
          () => false,
        ),
      );
    });

    async function ready(): Promise<void> {
      await eventually(() =>
        port.send(GET, { deadlineMs: 1000 }).then(
          () => true,
          () => false,
        ),
      );
    }
  });
}

function counter(): number {
  return Number(server.call('GET', 'counter') ?? 0);
}

async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
