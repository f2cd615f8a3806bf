/** DUMP and RESTORE against redis-server: the same bytes where its encoding is certain, the same data both ways. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../../src/server/index.ts';
import type { StartedServer } from '../../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../../support/redis-server.ts';
import type { RedisServer } from '../../support/redis-server.ts';
import { openWire } from '../../support/wire-client.ts';
import type { WireClient } from '../../support/wire-client.ts';
import { isUncertain, randomKeys } from './random-data.ts';

describe.skipIf(!hasRedisServer())('payloads', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  let real: WireClient;
  let own: WireClient;

  beforeAll(async () => {
    theirs = await startRedisServer({ args: ['--enable-debug-command', 'yes'] });
    ours = await startServer({ settings: { enableDebugCommand: 'yes' } });
    real = await openWire(theirs.port);
    own = await openWire(ours.port);
  });
  afterAll(async () => {
    real?.close();
    own?.close();
    await theirs?.stop();
    await ours?.stop();
  });

  it.each([1, 2, 3, 4, 5, 6])('are the same bytes and restore both ways (seed %i)', async (seed) => {
    for (const client of [real, own]) await client.send(['FLUSHALL']);
    let same = 0;
    for (const { key, commands } of randomKeys(seed, 60)) {
      for (const argv of commands) {
        await real.send(argv);
        await own.send(argv);
      }
      const encoding = await ask(real, ['OBJECT', 'ENCODING', key]);
      expect(await ask(own, ['OBJECT', 'ENCODING', key]), key).toBe(encoding);
      const payload = await ask(real, ['DUMP', key]);
      const ownPayload = await ask(own, ['DUMP', key]);
      if (!isUncertain(encoding)) {
        expect(hex(ownPayload), `${key} ${encoding} ${commands[0]!.slice(0, 4).join(' ')}`).toBe(hex(payload));
        same++;
      }
      const digest = await ask(real, ['DEBUG', 'DIGEST-VALUE', key]);
      expect(await ask(own, ['RESTORE', key, '0', payload, 'REPLACE'])).toBe('OK');
      expect(await ask(own, ['DEBUG', 'DIGEST-VALUE', key])).toBe(digest);
      expect(await ask(own, ['OBJECT', 'ENCODING', key])).toBe(encoding);
      expect(await ask(real, ['RESTORE', key, '0', ownPayload, 'REPLACE'])).toBe('OK');
      expect(await ask(real, ['DEBUG', 'DIGEST-VALUE', key])).toBe(digest);
      expect(await ask(real, ['OBJECT', 'ENCODING', key])).toBe(encoding);
    }
    expect(same).toBeGreaterThan(20);
    expect(await ask(own, ['DEBUG', 'DIGEST'])).toBe(await ask(real, ['DEBUG', 'DIGEST']));
  });
});

function hex(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('hex');
}

async function ask(client: WireClient, argv: readonly string[]): Promise<string> {
  const reply = await client.send(argv);
  if (reply.type === 'array') return reply.items.map((item) => String((item as { value: unknown }).value)).join();
  if (!('value' in reply)) throw new Error(`${argv[0]} answered ${reply.type}`);
  return String(reply.value);
}
