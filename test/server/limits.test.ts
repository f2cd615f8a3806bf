/** What the server bears from its clients, on real sockets: each limit of net/ refuses, closes or waits as Redis does. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { refusal } from '../../src/server/net/refusal.ts';
import { matchGlob } from '../../src/server/util/glob.ts';
import { openWire } from '../support/wire-client.ts';

const stopping: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
});

async function start(options: StartOptions = {}): Promise<StartedServer> {
  const server = await startServer(options);
  stopping.push(() => server.stop());
  return server;
}

const PING = '*1\r\n$4\r\nPING\r\n';

describe('at the door', () => {
  it('turns strangers away while no password protects the data', async () => {
    const { server, call } = await start();
    expect(refusal(server, '192.0.2.1')).toMatch(/^-DENIED Redis is running in protected mode/);
    expect(refusal(server, '127.0.0.7')).toBeUndefined();
    expect(refusal(server, '::1')).toBeUndefined();
    expect(refusal(server, '::ffff:127.0.0.1')).toBeUndefined();
    expect(refusal(server, '::ffff:192.0.2.1')).toMatch(/^-DENIED/);
    expect(refusal(server, undefined)).toBeUndefined();
    call('CONFIG', 'SET', 'requirepass', 'secret');
    expect(refusal(server, '192.0.2.1')).toBeUndefined();
    call('CONFIG', 'SET', 'requirepass', '');
    server.settings.protectedMode = false;
    expect(refusal(server, '192.0.2.1')).toBeUndefined();
  });

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address;

  it.skipIf(outside === undefined)('tells a stranger why and closes', async () => {
    const server = await start({ host: '0.0.0.0' });
    expect(await conversation(server.port, PING, outside)).toMatch(/^-DENIED Redis is running.*\r\n$/);
  });

  it('refuses clients beyond maxclients, and lets them in when others leave', async () => {
    const server = await start({ settings: { maxclients: 2 } });
    const first = await openWire(server.port);
    const second = await openWire(server.port);
    expect(await conversation(server.port, '')).toBe('-ERR max number of clients reached\r\n');
    expect(server.server.stats.rejectedConnections).toBe(1);
    first.close();
    await vanished(server, 1);
    const third = await openWire(server.port);
    expect(await third.send(['PING'])).toMatchObject({ value: 'PONG' });
    second.close();
    third.close();
  });
});

describe('what arrives', () => {
  it('runs nothing that follows POST or Host:', async () => {
    const log: string[] = [];
    const server = await start({ log: (line) => log.push(line) });
    const request = 'POST / HTTP/1.1\r\nHost: x\r\n\r\nSET stolen 1\r\n';
    expect(await conversation(server.port, request)).toBe('');
    expect(await conversation(server.port, `*1\r\n$5\r\nHOST:\r\nSET stolen 1\r\n`)).toBe('');
    expect(server.keys()).toEqual([]);
    expect(log.filter((line) => line.includes('SECURITY ATTACK'))).toHaveLength(2);
  });

  it('closes a client whose query grows beyond its limit', async () => {
    const log: string[] = [];
    const server = await start({ settings: { queryBufferLimit: 1 << 20 }, log: (line) => log.push(line) });
    const head = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3000000\r\n`;
    expect(await conversation(server.port, head + 'x'.repeat(2_000_000))).toBe('');
    expect(log.join()).toContain('max query buffer length');
    expect(await conversation(server.port, `${PING}QUIT\r\n`)).toBe('+PONG\r\n+OK\r\n');
  });

  it('reads no more from a client that broke the protocol, though it goes on sending', async () => {
    const { port } = await start();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    let heard = '';
    socket.on('data', (bytes) => (heard += String(bytes)));
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    socket.write('*x\r\n');
    await once(socket, 'end');
    expect(heard).toBe('-ERR Protocol error: invalid multibulk length\r\n');
    const sending = setInterval(() => socket.write('more'), 5);
    await closed.finally(() => clearInterval(sending));
  });

  it('allocates by what arrives, not by what is announced', async () => {
    const server = await start();
    const clients: Socket[] = [];
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 50; i++) {
      const socket = connect(server.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(i % 2 === 0 ? '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\nx' : '*2147483647\r\n$1\r\nx\r\n');
      clients.push(socket);
    }
    while (server.server.stats.reads < 50) await nextTurn();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 << 20);
    for (const socket of clients) socket.destroy();
  });

  it('takes bulk strings up to proto-max-bulk-len, as set at any time', async () => {
    const server = await start({ settings: { protoMaxBulkLength: 2000 } });
    expect(await conversation(server.port, `*2\r\n$4\r\nECHO\r\n$2001\r\n`)).toBe(
      '-ERR Protocol error: invalid bulk length\r\n',
    );
    server.server.settings.protoMaxBulkLength = 3000;
    expect(await conversation(server.port, `*2\r\n$4\r\nECHO\r\n$2001\r\n${'x'.repeat(2001)}\r\nQUIT\r\n`)).toMatch(
      /^\$2001\r\nx{2001}\r\n/,
    );
  });

  it('allows little before AUTH', async () => {
    const server = await start({ password: 'secret' });
    const { port } = server;
    expect(await conversation(port, `*11\r\n`)).toBe('-ERR Protocol error: unauthenticated multibulk length\r\n');
    expect(await conversation(port, `*1\r\n$16385\r\n`)).toBe('-ERR Protocol error: unauthenticated bulk length\r\n');
    expect(await conversation(port, `*3\r\n$4\r\nAUTH\r\n${'x'.repeat(70_000)}`)).toMatch(/^-ERR Protocol error/);
    expect(await conversation(port, 'GET k\r\nAUTH secret\r\nGET k\r\nQUIT\r\n')).toBe(
      '-NOAUTH Authentication required.\r\n+OK\r\n$-1\r\n+OK\r\n',
    );
  });

  it('cuts off an unauthenticated client that does not read its errors', async () => {
    const server = await start({ password: 'secret' });
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.pause();
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    // More errors than the system's buffers hold.
    for (let i = 0; i < 400; i++) socket.write('PING x y z\r\n'.repeat(2000));
    await vanished(server, 0);
    expect(server.server.stats.outputLimitDisconnections).toBe(1);
    socket.destroy();
    await closed;
  });
});

describe('what is sent', () => {
  const big = 'x'.repeat(1 << 20);

  it('closes a client that leaves more unread than its hard limit', async () => {
    const server = await start();
    server.server.settings.outputLimits.normal = { hard: 8 << 20, soft: 0, softSeconds: 0 };
    server.command('SET', 'k', big);
    const socket = await lazyReader(server, 'GET k\r\n'.repeat(40));
    await vanished(server, 0);
    expect(server.server.stats.outputLimitDisconnections).toBe(1);
    socket.destroy();
  });

  it('sends nothing of an answer beyond the hard limit, and runs a transaction to its end', async () => {
    const { port, call, server } = await start();
    server.settings.outputLimits.normal = { hard: 100_000, soft: 0, softSeconds: 0 };
    call('HSET', 'h', 'field', 'value');
    call('SADD', 's', 'member');
    call('SET', 'k', 'x'.repeat(10_000));
    for (const commands of [
      `${'GET k\r\n'.repeat(15)}`,
      'MULTI\r\nSET done yes\r\nHRANDFIELD h -20000\r\nINCR more\r\nEXEC\r\n',
      'HRANDFIELD h -9999999999 WITHVALUES\r\n',
      'SRANDMEMBER s -9999999999\r\n',
    ]) {
      const socket = connect(port, '127.0.0.1');
      let heard = 0;
      socket.on('error', () => {}).on('data', (bytes) => (heard += bytes.length));
      const closed = new Promise<void>((done) => socket.once('close', () => done()));
      socket.write(commands);
      await closed;
      expect(heard).toBe(0);
    }
    expect([call('GET', 'done'), call('GET', 'more')]).toEqual(['yes', '1']);
  });

  it('answers with any number of draws where no limit is set', async () => {
    const { port, call } = await start();
    call('SADD', 's', 'm');
    const client = await openWire(port);
    stopping.push(() => client.close());
    const reply = await client.send(['SRANDMEMBER', 's', '-100000']);
    expect(reply.type === 'array' && reply.items.length).toBe(100_000);
    expect(reply.type === 'array' && reply.items.every((item) => item.type === 'bulk' && item.value === 'm')).toBe(
      true,
    );
  });

  it('keeps the buffer of a long command for the next, not for ever', async () => {
    const { port, clock, server } = await start({ clock: 'virtual' });
    const client = await openWire(port);
    stopping.push(() => client.close());
    const room = async (): Promise<number> => {
      const [connection] = [...server.clients.values()].map(({ transport }) => transport!);
      await client.send(['SET', 'k', 'x'.repeat(400_000)]);
      return connection!.bufferBytes!();
    };
    const first = await room();
    expect(first).toBeGreaterThan(400_000);
    expect(await room()).toBe(first);
    clock.advance(500);
    expect(await room()).toBe(first);
    clock.advance(1000);
    const info = String(server.clients.size === 1 && (await client.send(['CLIENT', 'INFO'])).type);
    expect(info).toBe('bulk');
    expect([...server.clients.values()][0]!.transport!.bufferBytes!()).toBe(0);
  });

  it('bears the soft limit for its seconds only', async () => {
    const server = await start({ clock: 'virtual' });
    server.server.settings.outputLimits.normal = { hard: 0, soft: 4 << 20, softSeconds: 10 };
    server.command('SET', 'k', big);
    const socket = await lazyReader(server, 'GET k\r\n'.repeat(20));
    while (server.server.stats.outputBytes < 20 << 20) await nextTurn();
    server.clock.advance('9s');
    await nextTurn();
    expect(server.server.clients.size).toBe(1);
    server.clock.advance('2s');
    await vanished(server, 0);
    socket.destroy();
  });

  it('forgives a client that caught up', async () => {
    const server = await start({ clock: 'virtual' });
    server.server.settings.outputLimits.normal = { hard: 0, soft: 4 << 20, softSeconds: 10 };
    server.command('SET', 'k', big);
    const socket = await lazyReader(server, 'GET k\r\n'.repeat(20));
    while (server.server.stats.outputBytes < 20 << 20) await nextTurn();
    socket.resume();
    while (socket.bytesRead < 20 << 20) await nextTurn();
    server.clock.advance('60s');
    await nextTurn();
    expect(server.server.clients.size).toBe(1);
    socket.destroy();
  });

  it('holds a subscriber to the limit of subscribers', async () => {
    const server = await start();
    server.server.settings.outputLimits.pubsub = { hard: 2 << 20, soft: 0, softSeconds: 0 };
    const socket = await lazyReader(server, PING);
    while (server.server.clients.size < 1) await nextTurn();
    const [client] = server.server.clients.values();
    server.server.channels.subscribe(client!, 'channel', 'news');
    for (let i = 0; i < 20; i++) {
      server.server.channels.publish('news', big);
      await nextTurn();
    }
    await vanished(server, 0);
    socket.destroy();
  });

  it('answers a pipeline of any length to a client that reads only afterwards', async () => {
    const server = await start();
    server.command('SET', 'k', 'x'.repeat(10_000));
    const count = 3000;
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.pause();
    await new Promise<void>((sent) => {
      socket.write('GET k\r\n'.repeat(count), () => sent());
    });
    while (server.server.stats.outputBytes < count * 10_000) await nextTurn();
    socket.resume();
    for (const total = count * 10_010; socket.bytesRead < total;) await nextTurn();
    socket.destroy();
  });
});

describe('time', () => {
  it('closes idle clients after `timeout`, also those with half a command, but no waiting ones', async () => {
    const server = await start({ clock: 'virtual', settings: { timeout: 100 } });
    const idle = await openWire(server.port);
    const half = await openWire(server.port);
    const busy = await openWire(server.port);
    const subscriber = await openWire(server.port);
    for (const client of [idle, half, busy, subscriber]) await client.send(['PING']);
    half.raw('*2\r\n$4\r\nECHO\r\n$5\r\nhe');
    const last = [...server.server.clients.values()].at(-1)!;
    server.server.channels.subscribe(last, 'channel', 'c');
    while (server.server.stats.reads < 5) await nextTurn();
    server.clock.advance('60s');
    await busy.send(['PING']);
    server.clock.advance('60s');
    await vanished(server, 2);
    await expect(idle.send(['PING'])).rejects.toThrow();
    expect(await busy.send(['PING'])).toMatchObject({ value: 'PONG' });
    server.clock.advance('365d');
    await vanished(server, 1);
    for (const client of [idle, half, busy, subscriber]) client.close();
  });

  it('needs no timer while nothing is limited', async () => {
    const server = await start({ clock: 'virtual' });
    const client = await openWire(server.port);
    await client.send(['PING']);
    server.clock.advance('365d');
    expect(await client.send(['PING'])).toMatchObject({ value: 'PONG' });
    client.close();
  });
});

describe('faults', () => {
  it('answers when a handler throws, and goes on', async () => {
    const log: string[] = [];
    const server = await start({ log: (line) => log.push(line) });
    server.server.registry.get('echo')!.run = () => {
      throw new TypeError('a bug');
    };
    expect(await conversation(server.port, `ECHO x\r\n${PING}QUIT\r\n`)).toBe(
      '-ERR internal error\r\n+PONG\r\n+OK\r\n',
    );
    expect(log.join()).toContain('a bug');
  });

  it('closes the connection whose dispatch fails, and no other', async () => {
    const server = await start();
    const other = await openWire(server.port);
    await other.send(['PING']);
    const remove = server.server.addGuard((call) => {
      if (call.is(0, 'echo')) throw new TypeError('a bug in a guard');
      return undefined;
    });
    expect(await conversation(server.port, `ECHO x\r\n${PING}`)).toBe('');
    expect(await other.send(['PING'])).toMatchObject({ value: 'PONG' });
    remove();
    other.close();
  });

  it('survives a timer that throws', async () => {
    const log: string[] = [];
    const server = await start({ log: (line) => log.push(line) });
    server.server.clock.schedule(server.clock.now(), () => {
      throw new TypeError('a bug in a timer');
    });
    while (log.length === 0) await nextTurn();
    expect(log.join()).toContain('a bug in a timer');
    expect(await conversation(server.port, `${PING}QUIT\r\n`)).toBe('+PONG\r\n+OK\r\n');
  });

  it('survives connections that break off anywhere', async () => {
    const server = await start();
    const command = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n';
    for (let cut = 0; cut < command.length; cut++) {
      const socket = connect(server.port, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      socket.write(command.slice(0, cut), () => socket.resetAndDestroy());
    }
    await vanished(server, 0);
    expect(await conversation(server.port, `${PING}QUIT\r\n`)).toBe('+PONG\r\n+OK\r\n');
  });

  it('matches hostile patterns in linear time', () => {
    const started = performance.now();
    expect(matchGlob(`${'a*'.repeat(2000)}b`, 'a'.repeat(20_000))).toBe(false);
    expect(matchGlob(`${'*?'.repeat(2000)}b`, 'a'.repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

/** Send and collect everything until the server closes. */
function conversation(port: number, text: string, host = '127.0.0.1'): Promise<string> {
  return new Promise((done) => {
    let answer = '';
    const socket = connect(port, host, () => socket.write(text, 'latin1'));
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => done(answer));
  });
}

/** A client that sends and does not read. */
async function lazyReader(server: StartedServer, text: string): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(text);
  while (server.server.stats.commands === 0) await nextTurn();
  return socket;
}

async function vanished(server: StartedServer, left: number): Promise<void> {
  while (server.server.clients.size > left) await nextTurn();
}

function nextTurn(): Promise<void> {
  return new Promise((done) => {
    setImmediate(done);
  });
}
