/** Damaged data: payloads and files are loaded or refused, and never believed about sizes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startServer } from '../../../src/server/index.ts';
import { Crc64 } from '../../../src/server/persistence/rdb/crc64.ts';
import { decompress } from '../../../src/server/persistence/rdb/lzf.ts';
import { seededRandom } from '../../../src/server/util/random.ts';
import { randomKeys } from './random-data.ts';

it('computes the checksum that the format names', () => {
  const sum = new Crc64();
  sum.update(Buffer.from('123456789'), 0, 9);
  const bytes = Buffer.alloc(8);
  sum.write(bytes, 0);
  expect(bytes.readBigUInt64LE(0).toString(16)).toBe('e9c6d914c4b8d9ca');
});

it('refuses to expand what cannot be that long', () => {
  expect(() => decompress(Buffer.from([0, 97]), 0, 2, 1 << 30)).toThrow(/too long/);
});

it.each([1, 2, 3])('answers RESTORE of damaged payloads (seed %i)', async (seed) => {
  const server = await startServer();
  const random = seededRandom(seed);
  for (const { key, commands } of randomKeys(seed, 25)) {
    for (const argv of commands) server.command(...argv.map(latin1));
    const reply = Buffer.from(server.command('DUMP', key), 'latin1');
    const payload = reply.subarray(reply.indexOf('\n') + 1, -2);
    for (let i = 0; i < 40; i++) {
      const broken = Buffer.from(payload);
      for (let k = 0; k <= i % 3; k++) broken[Math.floor(random() * (broken.length - 10))] = Math.floor(random() * 256);
      const sum = new Crc64();
      sum.update(broken, 0, broken.length - 8);
      sum.write(broken, broken.length - 8);
      expect(server.command('RESTORE', 'copy', '0', broken, 'REPLACE')).toMatch(/^\+OK|^-ERR Bad data format/);
      if (server.command('EXISTS', 'copy').includes('1')) expect(server.command('DUMP', 'copy')).toMatch(/^\$/);
    }
  }
  await server.stop();
});

it('says what is wrong with a file cut anywhere', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'paxx-cut-'));
  const first = await startServer({ dir: folder });
  for (const command of ['SET a 1', 'RPUSH l x y', 'HSET h f v', 'SADD s 1 2 q', 'ZADD z 1 m']) {
    first.command(...command.split(' '));
  }
  first.command('SAVE');
  await first.stop();
  const path = join(folder, 'dump.rdb');
  const whole = readFileSync(path);
  for (let size = 0; size < whole.length; size++) {
    writeFileSync(path, whole.subarray(0, size));
    await expect(startServer({ dir: folder })).rejects.toThrow(/it ends at byte \d+|Wrong signature/);
  }
  rmSync(folder, { recursive: true });
});

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
