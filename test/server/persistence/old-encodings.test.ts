/**
 * Payloads as Redis 2 to 6 wrote them: plain lists and hashes, ziplists, zipmaps, intsets, quicklists of ziplists.
 * Built here byte by byte, restored on redis-server and on ours, which must read the same.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../../src/server/index.ts';
import type { StartedServer } from '../../../src/server/index.ts';
import { Crc64 } from '../../../src/server/persistence/rdb/crc64.ts';
import { seededRandom } from '../../../src/server/util/random.ts';
import { hasRedisServer, startRedisServer } from '../../support/redis-server.ts';
import type { RedisServer } from '../../support/redis-server.ts';
import { openWire } from '../../support/wire-client.ts';
import type { WireClient } from '../../support/wire-client.ts';

/** Types of values in an RDB file, by the version that brought them. */
const LIST = 1;
const SET = 2;
const ZSET = 3;
const HASH = 4;
const ZSET_2 = 5;
const ZIPMAP = 9;
const LIST_ZIPLIST = 10;
const INTSET = 11;
const ZSET_ZIPLIST = 12;
const HASH_ZIPLIST = 13;
const QUICKLIST = 14;

/** Of the payload: each is the first that knew all of the types above it. */
const VERSIONS = [6, 7, 8, 9, 10];

describe.skipIf(!hasRedisServer())('payloads of old versions', () => {
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

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('restore as on redis-server (seed %i)', async (seed) => {
    const values = new Values(seed);
    for (const client of [real, own]) await client.send(['FLUSHALL']);
    let number = 0;
    for (const [name, make] of Object.entries(values.makers)) {
      for (let i = 0; i < 6; i++) {
        const payload = seal(make(), VERSIONS[number % VERSIONS.length]!);
        const key = `${name}-${number++}`;
        for (const client of [real, own]) expect(await ask(client, ['RESTORE', key, '0', payload]), key).toBe('OK');
        for (const question of [
          ['TYPE', key],
          ['OBJECT', 'ENCODING', key],
          ['DEBUG', 'DIGEST-VALUE', key],
        ]) {
          expect(await ask(own, question), `${key} ${question.join(' ')}`).toBe(await ask(real, question));
        }
      }
    }
    expect(number).toBe(66);
    expect(await ask(own, ['DEBUG', 'DIGEST'])).toBe(await ask(real, ['DEBUG', 'DIGEST']));
  });

  // redis-server takes the version and the checksum for what is missing, and is content with some.
  it('that are cut short are refused', async () => {
    const values = new Values(99);
    for (const make of Object.values(values.makers)) {
      const payload = make();
      for (const at of [1, 2, payload.length >> 1, payload.length - 1]) {
        expect(await ask(own, ['RESTORE', 'cut', '0', seal(payload.subarray(0, at), 9)])).toMatch(
          /^ERR Bad data format/,
        );
      }
    }
    expect(await ask(own, ['EXISTS', 'cut'])).toBe('0');
  });

  it('of lists with an empty node are refused', async () => {
    // One node, which is one element without a byte.
    const payload = seal(Buffer.from([18, 1, 1, 0]), 10);
    for (const client of [real, own]) {
      expect(await ask(client, ['RESTORE', 'empty', '0', payload])).toBe('ERR Bad data format');
    }
  });
});

class Values {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  readonly makers: Readonly<Record<string, () => Buffer>> = {
    list: () => object(LIST, this.texts().map(string)),
    set: () => object(SET, this.unique().map(string)),
    zset: () =>
      object(
        ZSET,
        this.unique().map((text) => Buffer.concat([string(text), this.asciiDouble()])),
      ),
    zset2: () =>
      object(
        ZSET_2,
        this.unique().map((text) => Buffer.concat([string(text), this.double()])),
      ),
    hash: () =>
      object(
        HASH,
        this.unique().map((text) => Buffer.concat([string(text), string(this.text())])),
      ),
    zipmap: () => whole(ZIPMAP, zipmap(this.unique().flatMap((text) => [text, this.text()]))),
    listZiplist: () => whole(LIST_ZIPLIST, ziplist(this.texts())),
    intset: () => whole(INTSET, intset(this.integers())),
    zsetZiplist: () => whole(ZSET_ZIPLIST, ziplist(this.scored())),
    hashZiplist: () => whole(HASH_ZIPLIST, ziplist(this.unique().flatMap((text) => [text, this.text()]))),
    quicklist: () =>
      object(
        QUICKLIST,
        [this.texts(), this.texts()].map((texts) => string(ziplist(texts))),
      ),
  };

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  /** Every way that a ziplist has for an entry: small and large integers, short, long and longer strings. */
  text(): Buffer {
    const roll = this.random();
    if (roll < 0.45) return Buffer.from(this.integer().toString());
    const size = this.pick([0, 1, 5, 62, 63, 64, 253, 254, 255, 300, ...(roll > 0.97 ? [16_383, 16_384, 20_000] : [])]);
    return Buffer.from(Array.from({ length: size }, () => Math.floor(this.random() * 256)));
  }

  integer(): bigint {
    const bits = this.pick([0n, 3n, 7n, 15n, 23n, 31n, 63n]);
    const edge = 1n << bits;
    const value = this.pick([edge, edge - 1n, edge - 2n, -edge, -edge - 1n, 12n, 13n, 0n, -1n]);
    return BigInt.asIntN(64, value);
  }

  texts(): Buffer[] {
    return Array.from({ length: 1 + Math.floor(this.random() * 40) }, () => this.text());
  }

  unique(): Buffer[] {
    return [...new Map(this.texts().map((text) => [text.toString('latin1'), text])).values()];
  }

  integers(): bigint[] {
    const widest = this.pick([15n, 31n, 63n]);
    const all = Array.from({ length: 1 + Math.floor(this.random() * 40) }, () =>
      BigInt.asIntN(Number(widest) + 1, this.integer()),
    );
    return [...new Set(all)].sort((a, b) => (a < b ? -1 : 1));
  }

  /** Members and scores, in order, as a sorted set's ziplist has them. */
  scored(): Buffer[] {
    const scores = [-1e300, -17.5, -1, 0, 0.1, 3, 1e17];
    const members = this.unique().map((text) => ({ text, score: this.pick(scores) }));
    members.sort((a, b) => a.score - b.score || Buffer.compare(a.text, b.text));
    return members.flatMap(({ text, score }) => [text, Buffer.from(String(score))]);
  }

  asciiDouble(): Buffer {
    const score = this.pick(['1', '-2.5', '3.0000000000000001e+20', '0.10000000000000001', 'inf', '-inf']);
    if (score === 'inf') return Buffer.from([254]);
    if (score === '-inf') return Buffer.from([255]);
    return Buffer.concat([Buffer.from([score.length]), Buffer.from(score)]);
  }

  double(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(this.pick([0, -0.5, 1e100, Infinity, -Infinity, 7]));
    return bytes;
  }
}

function length(count: number): Buffer {
  if (count < 64) return Buffer.from([count]);
  if (count < 16_384) return Buffer.from([0x40 | (count >> 8), count & 255]);
  const bytes = Buffer.alloc(5, 0x80);
  bytes.writeUInt32BE(count, 1);
  return bytes;
}

function string(text: Buffer): Buffer {
  return Buffer.concat([length(text.length), text]);
}

function object(type: number, parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([type]), length(parts.length), ...parts]);
}

function whole(type: number, blob: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), string(blob)]);
}

/** The version, and the checksum of all before it. */
function seal(value: Buffer, version: number): string {
  const body = Buffer.concat([value, Buffer.from([version, 0])]);
  const crc = new Crc64();
  crc.update(body, 0, body.length);
  const sum = Buffer.alloc(8);
  crc.write(sum, 0);
  return Buffer.concat([body, sum]).toString('latin1');
}

/** @see https://github.com/redis/redis/blob/6.2/src/ziplist.c for the layout */
function ziplist(texts: readonly Buffer[]): Buffer {
  const entries: Buffer[] = [];
  let before = 0;
  for (const text of texts) {
    const entry = Buffer.concat([previous(before), ziplistEntry(text)]);
    before = entry.length;
    entries.push(entry);
  }
  const body = Buffer.concat(entries);
  const head = Buffer.alloc(10);
  head.writeUInt32LE(10 + body.length + 1, 0);
  head.writeUInt32LE(10 + body.length - (entries.at(-1)?.length ?? 0), 4);
  head.writeUInt16LE(texts.length, 8);
  return Buffer.concat([head, body, Buffer.from([0xff])]);
}

function previous(size: number): Buffer {
  if (size < 254) return Buffer.from([size]);
  const bytes = Buffer.alloc(5, 0xfe);
  bytes.writeUInt32LE(size, 1);
  return bytes;
}

function ziplistEntry(text: Buffer): Buffer {
  const number = /^-?\d{1,19}$/.test(text.toString('latin1')) ? BigInt(text.toString('latin1')) : undefined;
  const is = (bits: number): boolean => number !== undefined && BigInt.asIntN(bits, number) === number;
  if (number !== undefined && number.toString() === text.toString('latin1') && is(64)) {
    if (number >= 0n && number <= 12n) return Buffer.from([0xf1 + Number(number)]);
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(number);
    const [code, size] = is(8) ? [0xfe, 1] : is(16) ? [0xc0, 2] : is(24) ? [0xf0, 3] : is(32) ? [0xd0, 4] : [0xe0, 8];
    return Buffer.concat([Buffer.from([code]), bytes.subarray(0, size)]);
  }
  if (text.length < 64) return Buffer.concat([Buffer.from([text.length]), text]);
  if (text.length < 16_384) return Buffer.concat([Buffer.from([0x40 | (text.length >> 8), text.length & 255]), text]);
  const head = Buffer.alloc(5, 0x80);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

/** @see https://github.com/redis/redis/blob/2.4/src/zipmap.c for the layout */
function zipmap(texts: readonly Buffer[]): Buffer {
  const parts = texts.map((text, i) =>
    Buffer.concat([zipmapLength(text.length), ...(i % 2 === 1 ? [Buffer.from([0])] : []), text]),
  );
  return Buffer.concat([Buffer.from([Math.min(254, texts.length / 2)]), ...parts, Buffer.from([0xff])]);
}

function zipmapLength(count: number): Buffer {
  if (count < 254) return Buffer.from([count]);
  const bytes = Buffer.alloc(5, 0xfe);
  bytes.writeUInt32LE(count, 1);
  return bytes;
}

function intset(numbers: readonly bigint[]): Buffer {
  const fits = (bits: number): boolean => numbers.every((number) => BigInt.asIntN(bits, number) === number);
  const size = fits(16) ? 2 : fits(32) ? 4 : 8;
  const bytes = Buffer.alloc(8 + numbers.length * 8);
  bytes.writeUInt32LE(size, 0);
  bytes.writeUInt32LE(numbers.length, 4);
  numbers.forEach((number, i) => bytes.writeBigInt64LE(number, 8 + i * size));
  return bytes.subarray(0, 8 + numbers.length * size);
}

async function ask(client: WireClient, argv: readonly string[]): Promise<string> {
  const reply = await client.send(argv);
  if (reply.type === 'array') return reply.items.map((item) => String((item as { value: unknown }).value)).join();
  if (!('value' in reply)) throw new Error(`${argv[0]} answered ${reply.type}`);
  return String(reply.value);
}
