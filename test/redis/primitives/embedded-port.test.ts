/** The embedded port: sends, sessions that block, subscriptions, deadlines and lost connections, all on virtual time. */
import { afterEach, describe, expect, it } from 'vitest';
import { defineScript } from '../../../src/redis/port/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;

describe('embedded port', () => {
  afterEach(() => void redis.call('FLUSHALL'));

  it('sends, runs scripts and pipelines', async () => {
    const port = redis.port();
    expect(await time.until(port.send({ args: ['SET', 'k', 'ä'] }))).toBe('OK');
    expect(await time.until(port.send({ args: ['GET', 'k'] }))).toBe('ä');
    expect(await time.until(port.send({ args: ['GET', 'k'] }, { buffers: true }))).toEqual(Buffer.from('ä'));
    const script = defineScript('time', `return {redis.call('TIME')[1], tonumber(ARGV[1]), KEYS[1]}`);
    const seconds = String(redis.serverNow() / 1000);
    expect(await time.until(port.script(script, ['k'], [5]))).toEqual([seconds, 5, 'k']);
    const results = await time.until(port.pipeline([{ args: ['INCR', 'n'] }, { args: ['INCR', 'k'] }]));
    expect(results).toMatchObject([
      { ok: true, reply: 1 },
      { ok: false, error: { code: 'REPLY', reply: 'ERR' } },
    ]);
  });

  it('holds deadlines on the client’s clock when nothing answers', async () => {
    const port = redis.port({ rate: 2, network: { reply: () => Infinity } });
    const started = time.now;
    const sent = port.send({ args: ['PING'] }, { deadlineMs: 1000 });
    await expect(time.until(sent)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(time.now - started).toBe(500);
  });

  it('blocks sessions in server time, and lets them be unblocked', async () => {
    const port = redis.port({ network: { request: () => 3, reply: () => 4 } });
    const session = await time.until(port.session());
    const started = time.now;
    expect(await time.until(session.send({ args: ['BLPOP', 'list', 2] }))).toBe(null);
    expect(time.now - started).toBe(2007);
    const pop = session.send({ args: ['BLPOP', 'list', 0] }, { deadlineMs: 60_000 });
    await time.advance(100);
    expect(await time.until(session.unblock())).toBe(true);
    expect(await time.until(pop)).toBe(null);
    const popped = session.send({ args: ['BLPOP', 'list', 0] }, { deadlineMs: 60_000 });
    await time.advance(100);
    await time.until(port.send({ args: ['LPUSH', 'list', 'x'] }));
    expect(await time.until(popped)).toEqual(['list', 'x']);
  });

  it('delivers messages, and tells of a gap after a lost connection', async () => {
    const port = redis.port();
    const other = redis.port();
    const seen: string[] = [];
    const listener = {
      message: (channel: string, text: string) => seen.push(`${channel} ${text}`),
      gap: () => seen.push('gap'),
    };
    const subscription = await time.until(port.subscribe(['a', 'b'], listener));
    await time.until(other.send({ args: ['PUBLISH', 'b', 'one'] }));
    port.cut();
    await expect(time.until(port.send({ args: ['PING'] }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await time.until(other.send({ args: ['PUBLISH', 'b', 'lost'] }));
    port.restore();
    await time.advance(5000);
    await time.until(other.send({ args: ['PUBLISH', 'a', 'two'] }));
    await time.until(subscription.close());
    await time.until(other.send({ args: ['PUBLISH', 'a', 'three'] }));
    await time.settle();
    expect(seen).toEqual(['b one', 'gap', 'a two']);
  });

  it('rejects at once when aborted or closed', async () => {
    const port = redis.port({ network: { request: () => 50 } });
    const controller = new AbortController();
    const sent = port.send({ args: ['PING'] }, { signal: controller.signal });
    const failed = expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
    controller.abort();
    await failed;
    await port.close();
    await expect(port.send({ args: ['PING'] })).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('keeps a paused client from hearing anything, while its clock goes on', async () => {
    const port = redis.port();
    const reply = port.send({ args: ['PING'] });
    let fired = -1;
    port.clock.after(10, () => (fired = time.now));
    const started = time.now;
    port.pause(500);
    await time.until(reply);
    await time.advance(0);
    expect([fired, time.now]).toEqual([started + 500, started + 500]);
  });

  it('keeps replies of a connection in order where a paused client is paused again', async () => {
    const port = redis.port();
    await time.until(port.send({ args: ['PING'] }));
    const started = time.now;
    port.pause(100);
    const first = port.send({ args: ['ECHO', 'first'] });
    await time.advance(50);
    port.pause(100);
    const second = port.send({ args: ['ECHO', 'second'] });
    expect(await time.until(Promise.all([first, second]))).toEqual(['first', 'second']);
    expect(time.now - started).toBe(150);
  });

  it('lets a paused client do first what the test says', async () => {
    for (const timersFirst of [true, false]) {
      const port = redis.port();
      await time.until(port.send({ args: ['PING'] }));
      const done: string[] = [];
      port.clock.after(10, () => done.push('timer'));
      void port.send({ args: ['PING'] }).then(() => done.push('reply'));
      port.clock.after(20, () => done.push('timer'));
      port.pause(100, timersFirst);
      await time.advance(100);
      expect(done).toEqual(timersFirst ? ['timer', 'timer', 'reply'] : ['reply', 'timer', 'timer']);
    }
  });

  it('tells a paused client that a connection is lost when it goes on', async () => {
    const port = redis.port();
    await time.until(port.send({ args: ['PING'] }));
    port.network = { reply: () => 1000 };
    let ended = -1;
    port.send({ args: ['PING'] }).catch(() => (ended = time.now));
    await time.settle();
    const started = time.now;
    port.pause(100);
    port.cut();
    await time.advance(200);
    expect(ended).toBe(started + 100);
  });
});
