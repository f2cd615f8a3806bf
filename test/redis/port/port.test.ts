/** What the port adds to clients, in its parts: the sweep, recognition, warnings, whose connection it is. */
import { once } from 'node:events';
import net from 'node:net';
import { Cluster as Cluster6, Redis as Redis5 } from 'ioredis-5';
import { Redis as Redis6 } from 'ioredis-6';
import { createClient as createClient5 } from 'redis-5';
import { createClient as createClient6 } from 'redis-6';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPort, isPaxxRedisError } from '../../../src/redis/port/index.ts';
import type { Clock, CreatePortOptions } from '../../../src/redis/port/index.ts';
import { slotOf } from '../../../src/redis/port/slots.ts';
import { DeadlineSweep } from '../../../src/redis/port/sweep.ts';
import type { Timed } from '../../../src/redis/port/sweep.ts';
import { startServer } from '../../../src/server/index.ts';
import { SAFE } from './clients.ts';

type Server = Awaited<ReturnType<typeof startServer>>;

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** Connections that are open at the server, other than the test's own. */
function connections(): number {
  return String(server.call('CLIENT', 'LIST')).trim().split('\n').filter(Boolean).length;
}

describe('the sweep', () => {
  it('tells each call at its deadline, and not before, by one timer', () => {
    const clock = manualClock();
    const sweep = new DeadlineSweep(clock);
    const told: number[] = [];
    const calls = [500, 20, 100, 21, 3000, 20].map((ms) => ({ ms, timed: timed(() => told.push(ms)) }));
    for (const { ms, timed: call } of calls) sweep.add(call, ms);
    expect(clock.timers()).toBe(1);
    clock.advance(19);
    expect(told).toEqual([]);
    clock.advance(13);
    expect(told.toSorted()).toEqual([20, 20, 21]);
    sweep.remove(calls[2]!.timed);
    clock.advance(500);
    expect(told.at(-1)).toBe(500);
    expect(clock.timers()).toBe(1);
    clock.advance(3000);
    expect(told).toHaveLength(5);
    expect(clock.timers()).toBe(0);
    expect(sweep.buckets.size).toBe(0);
  });

  it('lets replies be read first when the event loop was blocked', () => {
    const clock = manualClock();
    const sweep = new DeadlineSweep(clock);
    const told: string[] = [];
    const answered = timed(() => told.push('answered'));
    const late = timed(() => told.push('late'));
    sweep.add(answered, 100);
    sweep.add(late, 100);
    clock.jump(5000);
    expect(told).toEqual([]);
    // The reply that lay in the socket.
    sweep.remove(answered);
    clock.advance(1);
    expect(told).toEqual(['late']);
  });

  it('takes calls that are made while others are told', () => {
    const clock = manualClock();
    const sweep = new DeadlineSweep(clock);
    const told: number[] = [];
    const again = (): void => {
      told.push(clock.now());
      if (told.length < 3) sweep.add(timed(again), 50);
    };
    sweep.add(timed(again), 50);
    for (let step = 0; step < 40; step++) clock.advance(5);
    expect(told).toHaveLength(3);
    sweep.add(timed(again), Infinity);
    expect(clock.timers()).toBe(0);
  });
});

describe('slots', () => {
  it('are those of the specification', () => {
    expect(['123456789', 'foo', '{user1000}.following', 'foo{}{bar}', 'foo{{bar}}zap', ''].map(slotOf)).toEqual([
      12_739,
      12_182,
      slotOf('user1000'),
      slotOf('foo{}{bar}'),
      slotOf('{bar'),
      0,
    ]);
    expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'));
  });
});

describe('createPort', () => {
  it('refuses what is no client', () => {
    for (const value of [{}, { sendCommand() {} }, new Map(), () => ({})]) {
      expect(() => createPort(value)).toThrow(/takes a client of ioredis or node-redis/);
    }
    expect(() => createPort(new Redis5({ lazyConnect: true }), { maxInFlight: 0, warn() {} })).toThrow(/maxInFlight/);
  });

  it('knows clients by their methods, not by their names', async () => {
    const client = new Redis6(server.url, SAFE);
    const disguised = new Proxy(client, {
      get: (target, name) => (name === 'constructor' ? Object : Reflect.get(target, name, target)),
    });
    const port = createPort(disguised, { warn() {} });
    expect(await port.send({ args: ['PING'] })).toBe('PONG');
    expect(port.name).toBe('ioredis 6');
    await port.close();
    client.disconnect();
    expect(createPort(new Cluster6([{ port: 1 }], { lazyConnect: true }), { warn() {} }).name).toBe(
      'ioredis 5 cluster',
    );
    expect(createPort(createClient5({ url: server.url }), { warn() {} }).name).toBe('node-redis 5');
    expect(createPort(createClient6({ url: server.url }), { warn() {} }).name).toBe('node-redis 6');
  });

  it('warns of options by name, with the way out, once per process', async () => {
    const warned: string[] = [];
    const client = new Redis5(server.url, { lazyConnect: true, keyPrefix: 'p:' });
    createPort(client, { warn: (message) => warned.push(message) });
    expect(warned).toHaveLength(1);
    for (const name of ['autoResendUnfulfilledCommands', 'enableOfflineQueue', 'keyPrefix']) {
      expect(warned[0]).toContain(`- ${name}: `);
    }
    expect(warned[0]).toContain('opens a connection of its own');
    expect(warned[0]).not.toContain('commandTimeout');
    createPort(client, { connection: 'shared', warn: (message) => warned.push(message) });
    expect(warned[1]).toContain('- commandTimeout: ');
    expect(warned[1]).toContain('Set it to false.');
    createPort(client, { connection: 'own', warn: (message) => warned.push(message) });
    createPort(new Redis5(server.url, { ...SAFE, lazyConnect: true }), { warn: (message) => warned.push(message) });
    expect(warned).toHaveLength(2);
    createPort(createClient6({ url: server.url }), { warn: (message) => warned.push(message) });
    expect(warned[2]).toContain('- disableOfflineQueue: ');

    const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    createPort(createClient5({ url: server.url }));
    createPort(createClient5({ url: server.url }));
    expect(emit).toHaveBeenCalledTimes(1);
    expect(emit.mock.calls[0]![1]).toMatchObject({ code: 'PAXX_REDIS_CLIENT_OPTIONS' });
    emit.mockRestore();
  });

  it('adds a listener for errors where there is none, and only there', () => {
    const bare = createClient6({ url: server.url });
    createPort(bare, { warn() {} });
    expect(bare.listenerCount('error')).toBe(1);
    createPort(bare, { warn() {} });
    expect(bare.listenerCount('error')).toBe(1);
  });

  it('shares the connection of a client whose options allow it', async () => {
    const client = new Redis6(server.url, SAFE);
    await once(client, 'ready');
    await eventually(() => connections() === 1);
    const port = createPort(client, { warn() {} });
    await port.send({ args: ['PING'] });
    expect(connections()).toBe(1);
    const count = client.listenerCount('close');
    await port.close();
    expect(client.listenerCount('close')).toBe(count - 1);
    // The client stays its owner's.
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  for (const [name, make] of Object.entries({
    'ioredis 6': async () => {
      const client = new Redis6(server.url);
      await client.ping();
      return { client, end: () => client.disconnect() };
    },
    'node-redis 6': async () => {
      const client = createClient6({ url: server.url });
      await client.connect();
      return { client, end: () => client.destroy() };
    },
  })) {
    it(`ends its own connection with the client it was made of: ${name}`, async () => {
      await eventually(() => connections() === 0);
      const { client, end } = await make();
      const port = createPort(client, { warn() {} });
      await port.send({ args: ['PING'] });
      expect(connections()).toBe(2);
      end();
      await eventually(() => connections() === 0);
      const error = await port.send({ args: ['PING'] }).catch((caught: unknown) => caught);
      expect(isPaxxRedisError(error, 'UNAVAILABLE')).toBe(true);
      await port.close();
    });
  }

  it('ends what a function made for it', async () => {
    for (const make of [() => new Redis5(server.url), () => createClient6({ url: server.url })]) {
      const port = createPort(make, { warn() {} });
      expect(await port.send({ args: ['PING'] })).toBe('PONG');
      await port.close();
      await eventually(() => connections() === 0);
    }
  });

  it('leaves no connection behind', async () => {
    await eventually(() => connections() === 0);
    const client = createClient6({ url: server.url });
    const port = createPort(client, { warn() {} });
    await port.send({ args: ['PING'] });
    await port.session();
    await port.subscribe(['c'], { message() {} });
    await port.track({ changed() {} });
    expect(connections()).toBe(5);
    await port.close();
    await eventually(() => connections() === 0);
  });

  it('tells at once that nothing listens, with address and cause', async () => {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port: closed } = probe.address() as net.AddressInfo;
    probe.close();
    await once(probe, 'close');
    const url = `redis://127.0.0.1:${closed}`;
    const options: CreatePortOptions = { warn() {}, defaultDeadlineMs: 20_000 };
    const kinds = [
      () => new Redis5(url),
      () => new Redis6(url),
      () => createClient5({ url }),
      () => createClient6({ url }),
    ];
    for (const make of kinds) {
      const port = createPort(make, options);
      const before = port.clock.now();
      const error = await port.send({ args: ['PING'] }).catch((caught: unknown) => caught);
      expect(isPaxxRedisError(error, 'UNAVAILABLE')).toBe(true);
      expect(String(error)).toContain(`127.0.0.1:${closed}`);
      expect(String(error)).toContain('ECONNREFUSED');
      // ioredis 6 itself takes 74 s.
      expect(port.clock.now() - before).toBeLessThan(10_000);
      await port.close();
    }
  });
});

function timed(expire: () => void): Timed {
  return { bucket: undefined, before: undefined, after: undefined, expire };
}

/** A clock that stands still until it is moved. */
function manualClock(): Clock & { advance(ms: number): void; jump(ms: number): void; timers(): number } {
  let now = 1000;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const fire = (): void => {
    for (const timer of [...timers].toSorted((a, b) => a.at - b.at)) {
      if (timer.at > now || !timers.delete(timer)) continue;
      timer.run();
    }
  };
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      const until = now + ms;
      // Millisecond by millisecond, so that timers find the time that they were set for.
      while (now < until) {
        now = Math.min(now + 1, until);
        fire();
      }
    },
    /** As when the event loop stood still. */
    jump(ms) {
      now += ms;
      fire();
    },
    timers: () => timers.size,
  };
}

async function eventually(check: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!check()) {
    if (performance.now() > deadline) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
