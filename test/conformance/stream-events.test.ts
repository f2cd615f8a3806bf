/** Keyspace events of streams: names, order, and silence where nothing changed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import { words } from './runner.ts';

const COMMANDS = [
  'XADD x 1-1 a b',
  'XADD x MAXLEN 1 2-1 a b',
  'XADD x MAXLEN 5 3-1 a b',
  'XADD x NOMKSTREAM 4-1 a b',
  'XADD none NOMKSTREAM 4-1 a b',
  'XTRIM x MAXLEN 9',
  'XTRIM x MINID 3',
  'XDEL x 9-9',
  'XDEL x 3-1',
  'XSETID x 9-9',
  'XGROUP CREATE x g 0',
  'XGROUP CREATE new g 0 MKSTREAM',
  'XGROUP SETID x g 0',
  'XGROUP CREATECONSUMER x g c',
  'XGROUP CREATECONSUMER x g c',
  'XREADGROUP GROUP g d STREAMS x >',
  'XREADGROUP GROUP g d STREAMS x 0',
  'XADD x 10-1 a b',
  'XREADGROUP GROUP g e STREAMS x >',
  'XCLAIM x g f 0 10-1',
  'XAUTOCLAIM x g h 0 0',
  'XACK x g 10-1',
  'XGROUP DELCONSUMER x g c',
  'XGROUP DELCONSUMER x g c',
  'XGROUP DESTROY x g',
  'XGROUP DESTROY x g',
  'DEL x',
];

async function heard(port: number): Promise<string[]> {
  const [sender, listener] = [await openWire(port), await openWire(port)];
  try {
    await sender.send(['FLUSHALL']);
    await sender.send(['CONFIG', 'SET', 'notify-keyspace-events', 'KEgt$n']);
    await listener.send(['PSUBSCRIBE', '__keyevent@0__:*']);
    for (const command of COMMANDS) await sender.send(words(command));
    await sender.send(['SET', 'the end', '']);
    const events: string[] = [];
    while (events.at(-1) !== 'set the end') {
      const push = await listener.next();
      if (push.type !== 'array') throw new Error(`expected a message, got ${push.type}`);
      const [, , channel, key] = push.items.map((item) => (item.type === 'bulk' ? item.value : ''));
      events.push(`${channel!.split(':')[1]} ${key}`);
    }
    return events;
  } finally {
    sender.close();
    listener.close();
  }
}

describe.skipIf(!hasRedisServer())('events of streams', () => {
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

  it('are those of redis-server, in its order', async () => {
    expect(await heard(ours.port)).toEqual(await heard(theirs.port));
  });
});
