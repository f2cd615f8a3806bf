/** Leases on virtual time: validity, renewal, loss, waking, replicas, fencing. */
import { afterEach, describe, expect, it } from 'vitest';
import { createLeases, defineFencedScript } from '../../../src/redis/primitives/lease/index.ts';
import type { Lease, Leases, LeaseWaitOptions } from '../../../src/redis/primitives/lease/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;

async function acquire(leases: Leases, name: string, options: LeaseWaitOptions = {}): Promise<Lease> {
  const lease = await time.until(leases.acquire(name, options));
  if (!lease.ok) throw lease.error;
  return lease;
}

describe('lease', () => {
  afterEach(() => void redis.call('FLUSHALL'));

  it('fires its signal by the deadline while the server is silent, before the server forgets', async () => {
    const port = redis.port();
    const lease = await acquire(createLeases(port), 'a', { ttlMs: 2000, autoRenew: true });
    const sentAt = time.now;
    port.network = { request: () => Infinity };
    let firedAt = 0;
    lease.signal.addEventListener('abort', () => (firedAt = time.now));
    await time.advance(5000);
    expect(firedAt - sentAt).toBe(1950);
    expect(lease.signal.reason).toMatchObject({ code: 'LEASE_LOST' });
    expect(() => lease.assert()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }) as Error);
  });

  it('goes on for as long as it is renewed, through outages shorter than its validity', async () => {
    const port = redis.port();
    const lease = await acquire(createLeases(port), 'a', { ttlMs: 3000, autoRenew: true });
    for (let i = 0; i < 20; i++) {
      await time.advance(1000);
      if (i % 5 === 2) port.cut();
      if (i % 5 === 3) port.restore();
    }
    expect(lease.signal.aborted).toBe(false);
    expect(redis.call('GET', 'paxx:{a}:lease')).toContain(`#${lease.token}#`);
    expect(await time.until(lease.release())).toBe(true);
    expect(redis.contents()['paxx:{a}:lease']).toBe(undefined);
  });

  it('says so when it was taken away', async () => {
    const lease = await acquire(createLeases(redis.port()), 'a', { ttlMs: 3000, autoRenew: true });
    redis.call('DEL', 'paxx:{a}:lease');
    await time.advance(1200);
    expect(lease.signal.aborted).toBe(true);
    expect(await time.until(lease.release())).toBe(false);
  });

  it('looks at the clock in assert, where a stalled event loop has fired nothing yet', async () => {
    const port = redis.port();
    const lease = await acquire(createLeases(port), 'a', { ttlMs: 1000 });
    port.pause(10_000);
    await time.advance(1000);
    expect(lease.signal.aborted).toBe(false);
    expect(() => lease.assert()).toThrow('was lost');
    expect(lease.signal.aborted).toBe(true);
  });

  it('cannot renew or release what belongs to the next, though the client’s clock says otherwise', async () => {
    const slow = redis.port({ rate: 0.1 });
    const [first, other] = [
      await acquire(createLeases(slow), 'a', { ttlMs: 1000 }),
      await acquire(createLeases(slow), 'b', { ttlMs: 1000 }),
    ];
    await time.advance(1000);
    for (const name of ['a', 'b']) await acquire(createLeases(redis.port()), name, { ttlMs: 1000 });
    expect(await time.until(first.renew())).toBe(false);
    expect(await time.until(other.release())).toBe(false);
    expect([redis.call('PTTL', 'paxx:{a}:lease'), redis.call('PTTL', 'paxx:{b}:lease')]).toEqual([1000, 1000]);
  });

  it('needs one timer for many leases', async () => {
    const port = redis.port();
    let timers = 0;
    const after = port.clock.after.bind(port.clock);
    port.clock.after = (ms, callback) => {
      const timer = after(ms, callback);
      timers++;
      return { cancel: () => (timers--, timer.cancel()) };
    };
    const leases = createLeases(port);
    for (let i = 0; i < 50; i++) await acquire(leases, `l${i}`, { ttlMs: 5000, autoRenew: true });
    // And one for the port's deadlines.
    expect(timers).toBeLessThanOrEqual(2);
  });

  it('raises tokens even when the counter is lost, and tells who holds it', async () => {
    const leases = createLeases(redis.port());
    const first = await acquire(leases, 'a', { owner: 'node A#1' });
    expect(await time.until(leases.holder('a'))).toEqual({
      owner: 'node A#1',
      token: first.token,
      remainingMs: 10_000,
    });
    const refused = await time.until(leases.acquire('a'));
    expect(refused).toMatchObject({ ok: false, holder: 'node A#1', retryMs: 10_000, error: { code: 'CONTENDED' } });
    await time.until(first.release());
    const second = await acquire(leases, 'a');
    expect(second.token).toBe(first.token + 1);
    redis.call('FLUSHALL');
    await time.advance(1);
    const third = await acquire(leases, 'a');
    expect(third.token).toBeGreaterThan(second.token);
  });

  it('wakes exactly one waiter on release', async () => {
    const ports = Array.from({ length: 5 }, () => redis.port());
    const holder = await acquire(createLeases(ports[0]!), 'a', { ttlMs: 60_000 });
    const got: Lease[] = [];
    const waits = ports.map((port) =>
      createLeases(port)
        .wait('a', { ttlMs: 60_000, budgetMs: 60_000 })
        .then((l) => got.push(l)),
    );
    await time.advance(100);
    const before = redis.server.registry.find(Buffer.from('evalsha'), 0, 7)!.calls;
    await time.until(holder.release());
    await time.advance(20);
    expect(got.length).toBe(1);
    // The release, and the attempt of the one that was woken.
    expect(redis.server.registry.find(Buffer.from('evalsha'), 0, 7)!.calls - before).toBe(2);
    while (got.length < 5) {
      const count = got.length;
      await time.until(got.at(-1)!.release());
      await time.advance(20);
      expect(got.length).toBe(count + 1);
    }
    await Promise.all(waits);
  });

  it('shares one blocking session among waiters of a port', async () => {
    // Sessions of others linger.
    await time.advance(10_000);
    const port = redis.port();
    const leases = createLeases(port);
    const holders: Lease[] = [];
    for (const name of ['a', 'b', 'c'])
      holders.push(await acquire(createLeases(redis.port()), name, { ttlMs: 60_000 }));
    const before = redis.server.clients.size;
    const order: string[] = [];
    const waits = ['a', 'b', 'c', 'a'].map((name) =>
      leases.wait(name, { ttlMs: 60_000, budgetMs: 60_000 }).then((lease) => (order.push(name), lease)),
    );
    await time.advance(200);
    // The port's own connection and the session.
    expect(redis.server.clients.size - before).toBe(2);
    await time.until(holders[2]!.release());
    await time.advance(1);
    await time.until(holders[0]!.release());
    const first = await time.until(Promise.race([waits[0]!, waits[3]!]));
    expect(order).toEqual(['c', 'a']);
    await time.until(first.release());
    await time.until(Promise.all([waits[0]!, waits[3]!]));
    await time.until(holders[1]!.release());
    await time.until(Promise.all(waits));
    expect(order).toEqual(['c', 'a', 'a', 'b']);
    await time.advance(10_000);
    expect(redis.server.clients.size - before).toBe(1);
  });

  it('gives up when the budget is used up, or when told to', async () => {
    await acquire(createLeases(redis.port()), 'a', { ttlMs: 60_000 });
    const leases = createLeases(redis.port());
    const started = time.now;
    await expect(time.until(leases.wait('a', { budgetMs: 700 }))).rejects.toMatchObject({ code: 'CONTENDED' });
    expect(time.now - started).toBe(700);
    const controller = new AbortController();
    const waiting = expect(leases.wait('a', { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await time.advance(50);
    controller.abort(new Error('enough'));
    await time.until(waiting);
  });

  it('takes over from a holder that died', async () => {
    await acquire(createLeases(redis.port()), 'a', { ttlMs: 2000 });
    const started = time.now;
    await time.until(createLeases(redis.port()).wait('a'));
    expect(time.now - started).toBeGreaterThanOrEqual(2000);
    expect(time.now - started).toBeLessThan(2050);
  });

  it('takes back what it may have got when the reply is lost', async () => {
    const port = redis.port();
    // Known scripts: nothing but their replies gets lost.
    await time.until((await acquire(createLeases(port), 'b')).release());
    port.network = { reply: () => Infinity };
    const lost = createLeases(port).wait('a', { ttlMs: 60_000, budgetMs: 300 });
    await expect(time.until(lost)).rejects.toMatchObject({ code: 'TIMEOUT' });
    await time.advance(1);
    expect(redis.contents()['paxx:{a}:lease']).toBe(undefined);
  });

  it('finds itself when an attempt is repeated after a lost reply', async () => {
    const port = redis.port({ defaultDeadlineMs: 200 });
    await time.until((await acquire(createLeases(port), 'b')).release());
    port.network = { reply: () => Infinity };
    const waiting = createLeases(port).wait('a', { ttlMs: 60_000 });
    await time.advance(100);
    const token = redis.call('GET', 'paxx:{a}:fence');
    port.network = {};
    port.cut();
    port.restore();
    const lease = await time.until(waiting);
    expect([String(lease.token), Math.round(lease.validMs)]).toEqual([token, 59_400]);
  });

  it('gives the lease back after work, and fails when it was lost on the way', async () => {
    const leases = createLeases(redis.port());
    const value = await time.until(
      leases.using('a', async ({ token, signal, assert }) => {
        await time.advance(60_000);
        assert();
        return [token > 0, signal.aborted];
      }),
    );
    expect(value).toEqual([true, false]);
    expect(redis.contents()['paxx:{a}:lease']).toBe(undefined);
    const overtaken = leases.using('a', { ttlMs: 1000 }, async ({ signal }) => {
      redis.call('DEL', 'paxx:{a}:lease');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return 'done';
    });
    await expect(time.until(overtaken)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    const failing = leases.unsafeWithoutFence('a', {}, () => Promise.reject(new Error('boom')));
    await expect(time.until(failing)).rejects.toThrow('boom');
    expect(redis.contents()['paxx:{a}:lease']).toBe(undefined);
  });

  it('takes the lease back when too few replicas have it', async () => {
    const leases = createLeases(redis.port());
    const started = time.now;
    const wish = { minReplicas: 1, replicaTimeoutMs: 300 };
    await expect(time.until(leases.acquire('a', wish))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: '0 of at least 1 replicas have the write.',
    });
    expect(Math.round(time.now - started)).toBe(300);
    await time.settle();
    expect(redis.contents()['paxx:{a}:lease']).toBe(undefined);
  });

  it('refuses tokens that were overtaken', async () => {
    const { fence } = createLeases(redis.port());
    expect(await time.until(fence.check('file', 5))).toBe(true);
    expect(await time.until(fence.check('file', 5))).toBe(true);
    expect(await time.until(fence.check('file', 4))).toBe(false);
    const write = defineFencedScript('write', `redis.call('SET', KEYS[1], ARGV[1]) return 'written'`);
    expect(await time.until(fence.run(write, 'file', 7, ['{file}:text'], ['seven']))).toBe('written');
    await expect(time.until(fence.run(write, 'file', 6, ['{file}:text'], ['six']))).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
    expect(redis.call('GET', '{file}:text')).toBe('seven');
  });

  it('checks what it is given', async () => {
    const leases = createLeases(redis.port());
    await expect(leases.acquire('')).rejects.toMatchObject({ code: 'INVALID' });
    await expect(leases.acquire('a', { ttlMs: 10 })).rejects.toMatchObject({ code: 'INVALID' });
    await expect(leases.acquire('a', { ttl: 'soon' as '5s' })).rejects.toMatchObject({ code: 'INVALID' });
    const odd = await acquire(leases, 'a}{b%', { ttl: '5s' });
    expect(Object.keys(redis.contents())).toEqual(['paxx:{a%7D%7Bb%25}:fence', 'paxx:{a%7D%7Bb%25}:lease']);
    expect(odd.validMs).toBe(4950);
  });
});
