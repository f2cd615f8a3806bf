/** Keyspace events of sorted sets, geo and HyperLogLog: names, order, and silence where nothing changed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import { conformance, words } from './runner.ts';

/** What a subscriber to all key events hears while the commands run. */
async function heard(port: number, commands: readonly string[]): Promise<string[]> {
  const [sender, listener] = [await openWire(port), await openWire(port)];
  try {
    await sender.send(['FLUSHALL']);
    await sender.send(['CONFIG', 'SET', 'notify-keyspace-events', 'KEg$zxn']);
    await listener.send(['PSUBSCRIBE', '__keyevent@0__:*']);
    for (const command of commands) await sender.send(words(command));
    await sender.send(['SET', 'the end', '']);
    const events: string[] = [];
    for (;;) {
      const push = await listener.next();
      if (push.type !== 'array') throw new Error(`expected a message, got ${push.type}`);
      const [, , channel, key] = push.items.map((item) => (item.type === 'bulk' ? item.value : ''));
      events.push(`${channel!.split(':')[1]} ${key}`);
      if (events.at(-1) === 'set the end') return events;
    }
  } finally {
    sender.close();
    listener.close();
  }
}

const scenes: Readonly<Record<string, readonly string[]>> = {
  adding: [
    'ZADD z 1 a',
    'ZADD z 1 a',
    'ZADD z 2 a 3 b',
    'ZADD z XX 1 q',
    'ZADD z NX 1 a',
    'ZINCRBY z 1 a',
    'ZADD z INCR 1 a',
    'ZADD none XX 1 a',
    'ZADD z INCR 0 a',
    'ZINCRBY fresh 1 a',
    'GEOADD g 1 1 m',
    'GEOADD g 1 1 m',
    'GEOADD g CH 2 2 m',
    'PFADD h',
    'PFADD h a',
    'PFADD h a',
  ],
  removing: [
    'ZADD z 1 a 2 b 3 c',
    'ZREM z x',
    'ZREM z a',
    'ZREM z b c',
    'ZADD z 1 a',
    'ZPOPMIN z',
    'ZADD z 1 a 2 b',
    'ZPOPMAX z',
    'ZPOPMAX z 0',
    'ZPOPMIN z 5',
    'ZPOPMIN z 5',
  ],
  'removing ranges': [
    'ZADD z 0 a 0 b 0 c 0 d',
    'ZREMRANGEBYRANK z 0 0',
    'ZREMRANGEBYRANK z 9 10',
    'ZREMRANGEBYLEX z [b [b',
    'ZREMRANGEBYSCORE z 0 0',
    'ZADD y 1 a 2 b',
    'ZMPOP 2 none y MAX COUNT 2',
    'BZPOPMIN none y 0.001',
    'ZADD y 1 a 2 b',
    'BZPOPMAX none y 0',
    'BZMPOP 0 1 y MIN',
  ],
  storing: [
    'ZADD z 1 a 2 b',
    'ZUNIONSTORE d 1 z',
    'ZINTERSTORE d 2 z none',
    'ZDIFFSTORE d 1 z',
    'ZRANGESTORE d z 0 0',
    'ZRANGESTORE d z 5 6',
    'ZRANGESTORE d z 5 6',
    'ZINTERSTORE d 2 z z',
    'SET d string',
    'ZUNIONSTORE d 1 z',
    'GEOADD g 1 1 m',
    'GEOSEARCHSTORE d g FROMLONLAT 1 1 BYRADIUS 1 km',
    'GEORADIUS g 1 1 1 km STORE d2',
    'GEORADIUS g 5 5 1 m STORE d2',
    'GEORADIUS none 5 5 1 m STORE d',
    'EXPIRE z 100',
    'ZUNIONSTORE z 1 z',
  ],
  counting: [
    'PFADD a x',
    'PFADD b y',
    'PFCOUNT a',
    'PFCOUNT a b',
    'PFMERGE c a b',
    'PFMERGE c a b',
    'PFDEBUG TODENSE c',
    'PFCOUNT c',
  ],
  reading: [
    'ZADD z 1 a',
    'ZRANGE z 0 -1',
    'ZSCORE z a',
    'ZRANK z a',
    'ZUNION 2 z none',
    'ZINTERCARD 1 z',
    'ZSCAN z 0',
    'ZRANDMEMBER z 2',
    'ZCOUNT z 0 5',
    'ZRANGE none 0 -1',
    'GEODIST none a b',
  ],
};

describe.skipIf(!hasRedisServer())('events of sorted sets', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  beforeAll(async () => {
    theirs = await startRedisServer();
    ours = await startServer();
  });
  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
  });
  for (const [name, commands] of Object.entries(scenes)) {
    it(name, async () => {
      const expected = await heard(theirs.port, commands);
      expect(expected.length).toBeGreaterThan(2);
      expect(await heard(ours.port, commands)).toEqual(expected);
    });
  }
});

conformance('sorted sets watched', {
  'a change dooms, a command without effect does not': [
    'ZADD z 1 a',
    'PFADD h a',
    'WATCH z',
    'ZADD z 1 a',
    'MULTI',
    'PING',
    'EXEC',
    'WATCH z',
    'ZADD z 2 a',
    'MULTI',
    'PING',
    'EXEC',
    'WATCH h',
    'PFCOUNT h',
    'MULTI',
    'PING',
    'EXEC',
    'WATCH h',
    'PFCOUNT h',
    'MULTI',
    'PING',
    'EXEC',
    'WATCH z',
    'ZREM z nobody',
    'MULTI',
    'PING',
    'EXEC',
    'WATCH d',
    'ZUNIONSTORE d 1 none',
    'MULTI',
    'PING',
    'EXEC',
    'WATCH d',
    'ZUNIONSTORE d 1 z',
    'MULTI',
    'PING',
    'EXEC',
  ],
});
