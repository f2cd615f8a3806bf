/**
 * Device metadata, the worked example: a service caches what it knows of devices, others read it, list it and ask how
 * the cache is. One entity definition holds its key, its schema, its lifetime and its tags.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import type { Entity, StandardSchema } from '../../../src/redis/cache/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

interface Device {
  readonly deviceId: string;
  readonly datatypeName: string;
  readonly unit?: string;
  readonly persist: boolean;
  readonly lastUpdated: string;
}

/** By hand here; zod's or valibot's schemas are of the same interface. */
const deviceSchema: StandardSchema<Device> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const given = value as Partial<Device> | null;
      if (typeof given?.deviceId !== 'string') return { issues: [{ message: 'must be text', path: ['deviceId'] }] };
      if (typeof given.persist !== 'boolean')
        return { issues: [{ message: 'must be true or false', path: ['persist'] }] };
      return { value: given as Device };
    },
  },
};

const redis = startEmbedded();
const { time } = redis;
const rows = new Map<string, Device>();
let loads = 0;

function devices(): Entity<string, Device> {
  const cache = createCache({ port: redis.port(), prefix: 'iot', jitter: 0, random: redis.random });
  return cache.define({
    name: 'device',
    key: (id: string) => id,
    schema: deviceSchema,
    ttl: '1d',
    negativeTtl: '10s',
    tags: ({ datatypeName }) => [`type-${datatypeName}`],
    load: (id) => {
      loads++;
      return rows.get(id);
    },
  });
}

function device(deviceId: string, more: Partial<Device> = {}): Device {
  return { deviceId, datatypeName: 'temperature', persist: true, lastUpdated: '2026-01-01T00:00:00Z', ...more };
}

afterEach(() => {
  redis.call('FLUSHALL');
  rows.clear();
  loads = 0;
});

describe('a device', () => {
  it('is stored, found, loaded and forgotten', async () => {
    const [one, two] = [devices(), devices()];
    expect(await time.until(one.set('d1', device('d1', { unit: '°C' })))).toBe(true);
    expect(await time.until(two.peek('d1'))).toEqual(device('d1', { unit: '°C' }));
    expect(await time.until(two.get('d1'))).toEqual(device('d1', { unit: '°C' }));
    expect(loads).toBe(0);
    expect(await time.until(two.peek('d2'))).toBe(undefined);
    rows.set('d2', device('d2'));
    expect(await time.until(Promise.all([one.get('d2'), two.get('d2'), two.get('d2')]))).toEqual(
      Array.from({ length: 3 }, () => device('d2')),
    );
    expect(loads).toBe(1);
    expect(await time.until(one.invalidate('d2'))).toBe(true);
    rows.delete('d2');
    expect(await time.until(two.get('d2'))).toBe(undefined);
    expect(await time.until(two.get('d2'))).toBe(undefined);
    expect(loads).toBe(2);
  });

  it('comes in batches, what is missing loaded', async () => {
    const all = devices();
    for (const id of ['a', 'b', 'c']) rows.set(id, device(id));
    await time.until(
      all.setMany([
        ['a', device('a')],
        ['x', device('x')],
      ]),
    );
    expect((await time.until(all.getMany(['c', 'a', 'none', 'x']))).map((one) => one?.deviceId)).toEqual([
      'c',
      'a',
      undefined,
      'x',
    ]);
    expect(loads).toBe(2);
    await time.until(all.invalidateMany(['a', 'x']));
    expect((await time.until(all.keys())).includes('x')).toBe(false);
  });

  it('that does not fit is an error where it comes from the app, and a miss where it comes from Redis', async () => {
    const all = devices();
    const wrong = { deviceId: 'd1', persist: 'yes' } as unknown as Device;
    await expect(time.until(all.set('d1', wrong))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: 'A device does not fit its schema: persist: must be true or false',
    });
    rows.set('d1', wrong);
    await expect(time.until(all.get('d1'))).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    redis.call('SET', 'iot:{device:d1}', '{"v":1,"d":{"old":"shape"}}');
    expect(await time.until(all.peek('d1'))).toBe(undefined);
    rows.set('d1', device('d1'));
    expect(await time.until(all.get('d1'))).toEqual(device('d1'));
  });

  it('is stale with its tag', async () => {
    const cache = createCache({ port: redis.port(), prefix: 'iot' });
    const all = devices();
    await time.until(
      all.setMany([
        ['t', device('t')],
        ['h', device('h', { datatypeName: 'humidity' })],
      ]),
    );
    await time.until(cache.invalidateTags(['type-temperature']));
    expect(await time.until(all.peek('t'))).toBe(undefined);
    expect(await time.until(all.peek('h'))).not.toBe(undefined);
  });
});

describe('devices', () => {
  it('are listed by pattern, offset and limit, filtered and sorted', async () => {
    const all = devices();
    const many = Array.from({ length: 450 }, (_, i) => {
      const id = `d${String(i).padStart(3, '0')}`;
      return [id, device(id, { persist: i % 2 === 0, lastUpdated: String(1000 - i) })] as const;
    });
    await time.until(all.setMany(many));
    redis.call('SET', 'iot:{device:d001}:fill', 'a lease');
    redis.call('SET', 'iot:{other:d001}', '{"v":1,"d":1}');
    expect(await time.until(all.keys())).toEqual(many.map(([id]) => id));
    expect(await time.until(all.keys({ pattern: 'd00?', offset: 2, limit: 3 }))).toEqual(['d002', 'd003', 'd004']);
    const listed = await time.until(
      all.list({
        where: (one) => !one.persist,
        sort: (a, b) => a.lastUpdated.localeCompare(b.lastUpdated, 'en', { numeric: true }),
        limit: 3,
        offset: 1,
      }),
    );
    expect(listed.map(({ key }) => key)).toEqual(['d447', 'd445', 'd443']);
    expect((await time.until(all.list({ limit: 2 }))).map(({ value }) => value.deviceId)).toEqual(['d000', 'd001']);
  });

  it('are counted and measured', async () => {
    const all = devices();
    expect(await time.until(all.info())).toEqual({ entries: 0, bytes: 0, oldest: undefined, newest: undefined });
    const began = redis.serverNow();
    await time.until(all.set('a', device('a')));
    await time.advance(5000);
    await time.until(all.set('b', device('b')));
    const info = await time.until(all.info());
    expect(info.entries).toBe(2);
    expect(info.bytes).toBeGreaterThan(200);
    expect([info.oldest, info.newest]).toEqual([began, began + 5000]);
  });

  it('are all stale after one write', async () => {
    const all = devices();
    await time.until(
      all.setMany([
        ['a', device('a')],
        ['b', device('b')],
      ]),
    );
    await time.until(all.clear());
    expect(await time.until(all.list())).toEqual([]);
    await time.until(all.set('a', device('a')));
    expect((await time.until(all.list())).length).toBe(1);
  });
});
