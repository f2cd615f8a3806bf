/** Keyspace events of lists, sets and hashes: which, for which key, in which order, on redis-server and on ours. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecodedReply } from '../../src/redis/commands/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import { words } from './runner.ts';

/** A command; with `waits` a second client sends it and blocks, until `collect` takes its reply. */
type Step = string | { readonly waits: string } | { readonly collect: true };

const COLLECT = { collect: true } as const;

const rows: Readonly<Record<string, readonly Step[]>> = {
  'pushing and popping': [
    'RPUSH l a b c',
    'LPUSH l d',
    'LPUSHX l e',
    'RPUSHX l f',
    'RPUSHX none f',
    'LPOP l',
    'RPOP l 2',
    'LPOP l 0',
    'LPOP l 10',
    'LPUSH l a',
    'RPOP l',
  ],
  'editing a list': [
    'RPUSH l a b c d e f g',
    'LSET l 0 z',
    'LINSERT l AFTER z y',
    'LINSERT l AFTER nothing y',
    'LREM l 0 y',
    'LREM l 0 nothing',
    'LTRIM l 1 -2',
    'LTRIM l 0 -1',
    'LTRIM l 100 200',
    'LTRIM none 0 0',
  ],
  'moving between lists': [
    'RPUSH a 1 2',
    'LMOVE a b LEFT RIGHT',
    'RPOPLPUSH a b',
    'RPOPLPUSH b b',
    'LMOVE b b LEFT RIGHT',
  ],
  LMPOP: ['RPUSH a 1 2 3', 'LMPOP 2 none a LEFT', 'LMPOP 1 a RIGHT COUNT 5', 'LMPOP 1 a RIGHT'],
  blocking: [
    { waits: 'BLPOP l 0' },
    'RPUSH l a',
    COLLECT,
    { waits: 'BLMOVE l m LEFT RIGHT 0' },
    'RPUSH l a b',
    COLLECT,
    { waits: 'BLMPOP 0 1 x LEFT COUNT 2' },
    'RPUSH x a b c',
    COLLECT,
    'BRPOP x 0',
  ],
  sets: [
    'SADD s a b c',
    'SADD s a',
    'SREM s a',
    'SREM s a',
    'SMOVE s t b',
    'SMOVE s t nothing',
    'SMOVE s t c',
    'SPOP t',
    'SPOP t 0',
    'SPOP t 5',
  ],
  'set algebra': [
    'SADD a 1 2',
    'SADD b 2 3',
    'SINTERSTORE d a b',
    'SUNIONSTORE d a b',
    'SDIFFSTORE d a a',
    'SDIFFSTORE d a a',
    'SUNIONSTORE a a b',
  ],
  hashes: [
    'HSET h a 1 b 2',
    'HMSET h a 1',
    'HSETNX h a 1',
    'HSETNX h c 1',
    'HINCRBY h a 1',
    'HINCRBYFLOAT h a 1.5',
    'HDEL h nothing',
    'HDEL h a',
    'HDEL h b c',
    'HINCRBY i a 1',
    'HSET i a 1',
  ],
};

describe.skipIf(!hasRedisServer())('events of lists, sets and hashes', () => {
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
  it.each(Object.entries(rows))('%s', async (_, steps) => {
    const [expected, actual] = await Promise.all([record(theirs.port, steps), record(ours.port, steps)]);
    expect(expected.length).toBeGreaterThan(2);
    expect(actual).toEqual(expected);
  });
});

/** The events that the steps cause, as `name key`. */
async function record(port: number, steps: readonly Step[]): Promise<string[]> {
  const [client, waiter, listener] = await Promise.all([openWire(port), openWire(port), openWire(port)]);
  try {
    await client.send(['FLUSHALL']);
    await client.send(['CONFIG', 'SET', 'notify-keyspace-events', 'EA']);
    await listener.send(['PSUBSCRIBE', '__keyevent@0__:*']);
    for (const step of steps) {
      if (typeof step === 'string') await client.send(words(step));
      else if ('collect' in step) await waiter.next();
      else {
        await waiter.post(words(step.waits));
        await client.send(['PING']);
      }
    }
    await client.send(['SET', 'the end', 'v']);
    const events: string[] = [];
    for (;;) {
      const event = eventOf(await listener.next());
      if (event === 'set the end') return events;
      events.push(event);
    }
  } finally {
    for (const opened of [client, waiter, listener]) opened.close();
  }
}

/** `name key` of a message to a pattern. */
function eventOf(message: DecodedReply): string {
  if (message.type !== 'array') throw new Error(`not a message: ${JSON.stringify(message)}`);
  const [, , channel, key] = message.items.map((item) => ('value' in item ? String(item.value) : ''));
  return `${channel!.slice('__keyevent@0__:'.length)} ${key}`;
}
