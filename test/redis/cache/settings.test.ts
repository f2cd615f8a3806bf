/** Where settings come from, what is said of wrong ones, and changing them while the app runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeSettings, openCache, readSettings } from '../../../src/redis/cache/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'paxx-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const file = path.join(folder, 'cache.json');
  writeFileSync(file, text);
  return file;
}

describe('settings', () => {
  it('come from defaults, file, environment and constructor, the later winning', () => {
    const file = fileOf('{"ttl":"1m","grace":5000,"prefix":"file","url":"redis://file:1/0"}');
    const env = { CACHE_GRACE: '10s', REDIS_PREFIX: 'env', CACHE_TTL: '', REDIS_URL: 'rediss://env/3' };
    expect(readSettings({ file, env, given: { prefix: 'given', l1Entries: '7' } })).toEqual({
      url: 'rediss://env/3',
      prefix: 'given',
      ttl: 60_000,
      grace: 10_000,
      redisDeadline: 150,
      l1Entries: 7,
      tlsCa: '',
    });
    expect(readSettings({ env: {} }).url).toBe('redis://localhost:6379/0');
  });

  it('that are wrong are told together, each with its place, and without secrets', () => {
    const file = fileOf('{"ttl":"soon","colour":1}');
    const env = { REDIS_URL: 'http://:secret@x', CACHE_L1_ENTRIES: '-1', REDIS_PREFIX: 'a b' };
    let message = '';
    try {
      readSettings({ file, env });
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG' });
      ({ message } = error as Error);
    }
    expect(message).not.toContain('secret');
    expect(message.split('\n').map((line) => line.replace(file, 'cache.json').slice(0, 22))).toEqual([
      'colour (cache.json) is',
      'REDIS_URL must begin w',
      'REDIS_PREFIX must be t',
      'ttl (cache.json) must ',
      'CACHE_L1_ENTRIES must ',
    ]);
    for (const url of ['x', 'redis://h/a', 'redis://h/1/2']) {
      expect(() => readSettings({ env: { REDIS_URL: url } })).toThrow('REDIS_URL');
    }
    expect(() => readSettings({ file: path.join(folder, 'none.json') })).toThrow('cannot be read');
    expect(() => readSettings({ file: fileOf('[1]') })).toThrow('not a JSON object');
  });

  it('are described without secrets', () => {
    const settings = readSettings({ env: { REDIS_URL: 'redis://user:secret@host/1?token=hidden' } });
    expect(describeSettings(settings)).toContain('url=redis://user:***@host/1?token=***');
  });
});

describe('a running cache', () => {
  it('changes its settings without losing a call, or stays as it was', async () => {
    const [old, next] = [startEmbedded({ seed: 1 }), startEmbedded({ seed: 2 })];
    const closed: string[] = [];
    const service = await openCache({
      env: {},
      connect: ({ url }) => {
        const port = (url.includes('next') ? next : old).port();
        if (url.includes('dead')) port.cut();
        return { port, close: () => closed.push(new URL(url).hostname) };
      },
    });
    const { time } = old;
    await time.until(service.cache.set('a', 1));
    let finish!: (value: number) => void;
    const running = service.cache.getOrCompute('b', {}, () => new Promise<number>((resolve) => (finish = resolve)));
    await time.advance(1);
    await expect(service.reconfigure({ url: 'redis://dead:1' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(service.reconfigure({ ttl: 'soon' })).rejects.toMatchObject({ code: 'CONFIG' });
    expect(await time.until(service.cache.get('a'))).toBe(1);
    const changed = service.reconfigure({ url: 'redis://next:1', ttl: '5s' });
    while (service.settings.ttl !== 5000) await Promise.all([time.settle(), next.time.settle()]);
    expect(closed).toEqual(['dead']);
    finish(2);
    await Promise.all([time.until(changed), next.time.settle()]);
    expect([await running, closed]).toEqual([2, ['dead', 'localhost']]);
    await next.time.until(service.cache.set('a', 3));
    expect(next.call('PTTL', 'cache:{a}')).toBeLessThanOrEqual(5500);
    await service.close();
    expect(closed).toEqual(['dead', 'localhost', 'next']);
    old.stop();
    next.stop();
  });
});
