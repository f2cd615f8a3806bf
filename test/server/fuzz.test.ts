/**
 * Bytes that no client would send, in every cut: the server neither stops nor leaks nor answers differently.
 *
 *   PAXX_FUZZ_BUFFERS=1000000 npx vitest run … test/server/fuzz
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decoder, encodeByteCommand, ProtocolError } from '../../src/redis/protocol/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { SCAN_COMMAND, SCAN_ERROR, Scanner } from '../../src/server/net/scanner.ts';
import { seededRandom } from '../../src/server/util/random.ts';

const BUFFERS = Number(process.env['PAXX_FUZZ_BUFFERS'] ?? 20_000);
/** One connection for so many buffers, as long as the server keeps it open. */
const ROUND = 500;

let redis: StartedServer;
beforeAll(async () => {
  redis = await startServer();
});
afterAll(() => redis.stop());

const REQUEST = [
  encodeByteCommand(['SET', 'key', 'value with \r\n and \0']),
  'PING\r\n',
  encodeByteCommand(['MGET', 'key', '', 'none']),
  '  ECHO   "quoted \\x41" \r\n',
  '*0\r\n\r\n',
  encodeByteCommand(['ECHO', 'x'.repeat(100)]),
  encodeByteCommand(['GET', 'key']),
  'QUIT\r\n',
].join('');

describe('requests in pieces', () => {
  it('are answered alike wherever one cut lies', async () => {
    const whole = await converse([REQUEST]);
    expect(whole).toContain('value with');
    const cuts = Array.from({ length: REQUEST.length - 1 }, (_, i) => i + 1);
    for (let from = 0; from < cuts.length; from += 100) {
      const answers = await Promise.all(
        cuts.slice(from, from + 100).map((cut) => converse([REQUEST.slice(0, cut), REQUEST.slice(cut)])),
      );
      for (const [i, answer] of answers.entries()) expect(answer, `cut at ${cuts[from + i]}`).toBe(whole);
    }
  });

  it('are answered alike where values are longer than a read', async () => {
    const random = seededRandom(9);
    const long = ['x', 'y', 'z'].map((letter) => encodeByteCommand(['ECHO', letter.repeat(50_000)])).join('');
    const request = `${long}${long}QUIT\r\n`;
    const whole = await converse([request]);
    expect(whole).toHaveLength(6 * 50_010 + 5);
    for (let round = 0; round < 40; round++) expect(await converse(pieces(request, random, 30_000))).toBe(whole);
  });

  it('are answered alike byte by byte', async () => {
    expect(await converse([...REQUEST])).toBe(await converse([REQUEST]));
  });

  it('are found by the scanner alike in any pieces', () => {
    const random = seededRandom(5);
    const whole = scan([REQUEST]);
    expect(whole).toHaveLength(7);
    for (let round = 0; round < 300; round++) expect(scan(pieces(REQUEST, random))).toEqual(whole);
  });
});

describe('garbage', () => {
  it('never stops the server, and little of it stays', { timeout: 60_000 + BUFFERS }, async () => {
    const random = seededRandom(Number(process.env['PAXX_FUZZ_SEED'] ?? 1));
    const collect = collector();
    let before = 0;
    for (let sent = 0; sent < BUFFERS;) {
      const socket = connect(redis.port, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      socket.resume();
      for (let i = 0; i < ROUND && !socket.destroyed && sent < BUFFERS; i++, sent++) {
        socket.write(hostile(random));
        if (i % 50 === 49) await turn();
      }
      // A command of a size that never comes is what a connection may be left with.
      socket.destroy();
      while (redis.server.clients.size > 0) await turn();
      if (before === 0) {
        redis.flush();
        before = collect();
      }
    }
    expect(await converse(['PING\r\nQUIT\r\n'])).toBe('+PONG\r\n+OK\r\n');
    while (redis.server.clients.size > 0) await turn();
    redis.flush();
    expect(redis.server.blocking.waiters.size).toBe(0);
    expect(redis.server.watches.watchers.size).toBe(0);
    expect(collect() - before).toBeLessThan(30 << 20);
  });

  it('either decodes or is refused, in any pieces', () => {
    const random = seededRandom(3);
    for (let round = 0; round < Math.min(BUFFERS, 50_000); round++) {
      const bytes = hostile(random);
      const whole = decode([bytes]);
      const cut = Math.floor(random() * bytes.length);
      expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    }
  });
});

const WORDS = [
  'GET',
  'SET',
  'k',
  'PING',
  'MULTI',
  'EXEC',
  'HELLO',
  '3',
  '2',
  'SUBSCRIBE',
  'RESET',
  'CLIENT',
  'REPLY',
  'OFF',
  'ON',
  '-1',
  '99999999999',
  'WATCH',
  'LPUSH',
  'BLPOP',
  '0',
  'EVAL',
  'CONFIG',
  'OBJECT',
  'HELP',
  '\xff',
  '',
];
const SCRAPS = [
  '*',
  '$',
  '\r\n',
  '\r',
  '\n',
  ':',
  '+',
  '-',
  '%',
  '~',
  '>',
  '_',
  '#',
  ',',
  '(',
  '=',
  '!',
  '|',
  '"',
  "'",
  '\0',
  '1',
  '0',
  '-1',
  '*3\r\n',
  '$5\r\n',
  '*2147483647\r\n',
  '*2147483648\r\n',
  '$536870912\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '$99999999999999999999\r\n',
  '%1\r\n',
];

/** A command, a broken command, scraps of the protocol, or noise. */
function hostile(random: () => number): Buffer {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const kind = random();
  if (kind < 0.3) {
    const words = Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(WORDS));
    const text = encodeByteCommand(words.filter((word) => word !== 'QUIT'));
    return Buffer.from(text, 'latin1');
  }
  if (kind < 0.5) {
    const text = encodeByteCommand(Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(WORDS)));
    const at = Math.floor(random() * text.length);
    return Buffer.from(text.slice(0, at) + pick(SCRAPS) + text.slice(at + Math.floor(random() * 3)), 'latin1');
  }
  if (kind < 0.8) {
    return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(SCRAPS)).join(''), 'latin1');
  }
  return Buffer.from(Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256));
}

/** Send piece after piece, each as a read of its own as far as that can be had, and collect all answers. */
async function converse(parts: readonly string[]): Promise<string> {
  const socket = connect(redis.port, '127.0.0.1');
  socket.setNoDelay(true);
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1');
  });
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  for (const part of parts) {
    socket.write(part, 'latin1');
    await turn();
  }
  await closed;
  return answer;
}

function scan(parts: readonly string[]): string[][] {
  const scanner = new Scanner(1 << 20);
  scanner.bytes = Buffer.alloc(REQUEST.length);
  const commands: string[][] = [];
  for (const part of parts) {
    scanner.bytes.write(part, scanner.limit, 'latin1');
    scanner.limit += part.length;
    for (let found = scanner.next(); found === SCAN_COMMAND; found = scanner.next()) {
      commands.push(
        Array.from({ length: scanner.argc }, (_, i) =>
          scanner.bytes.toString('latin1', scanner.start[i], scanner.end[i]),
        ),
      );
    }
    if (scanner.error !== '') commands.push([String(SCAN_ERROR), scanner.error]);
  }
  return commands;
}

function pieces(text: string, random: () => number, longest = 400): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const length = 1 + Math.floor(random() * random() * longest);
    parts.push(text.slice(at, at + length));
    at += length;
  }
  return parts;
}

function decode(parts: readonly Buffer[]): unknown[] {
  const replies: unknown[] = [];
  const decoder = new Decoder({ strings: 'latin1', maxDepth: 32, onReply: (reply) => replies.push(reply) });
  try {
    for (const part of parts) decoder.write(part);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    replies.push('refused');
  }
  return replies;
}

/** Collects garbage and returns what is in use. */
function collector(): () => number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  return () => {
    gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
}

function turn(): Promise<void> {
  return new Promise((done) => {
    setImmediate(done);
  });
}
