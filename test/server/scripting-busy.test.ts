/** Scripts that run too long: others are answered, the script can be killed, effects are framed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';
import { Worker } from 'node:worker_threads';

let server: StartedServer;
let client: WireClient;

beforeEach(async () => {
  server = await startServer();
  client = await openWire(server.port, 2);
});
afterEach(async () => {
  client.close();
  await server.stop();
});

/** Another thread's client: this one is held by the script. It asks until it hears BUSY, then sends the rest. */
const OTHER = `
const { connect } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const socket = connect(workerData.port, '127.0.0.1');
let text = '';
let asking;
socket.on('data', (chunk) => {
  text += chunk;
  if (text === '+PONG\\r\\n') {
    parentPort.postMessage('ready');
    asking = setInterval(() => socket.write('GET key\\r\\n'), 20);
  } else if (text.endsWith(workerData.until)) parentPort.postMessage(text);
  else if (text.includes('BUSY') && !socket.told) {
    socket.told = true;
    clearInterval(asking);
    socket.write(workerData.requests);
  }
});
socket.write('PING\\r\\n');
`;

async function meanwhile(script: string, requests: string, until: string): Promise<{ others: string; script: string }> {
  await client.send(['CONFIG', 'SET', 'lua-time-limit', '1']);
  const worker = new Worker(OTHER, { eval: true, workerData: { port: server.port, requests, until } });
  try {
    await new Promise((done) => worker.once('message', done));
    const told = new Promise<string>((done) => worker.once('message', done));
    const reply = await client.send(['EVAL', script, '0']);
    return { others: await told, script: 'value' in reply ? String(reply.value) : '' };
  } finally {
    await worker.terminate();
  }
}

describe('a busy script', () => {
  it('is killed by SCRIPT KILL, whatever it catches', async () => {
    const seen = await meanwhile(
      'while true do pcall(function() while true do end end) end',
      'FUNCTION KILL\r\nSCRIPT KILL\r\n',
      '+OK\r\n',
    );
    expect(seen.others).toMatch(/-BUSY .*SCRIPT KILL or SHUTDOWN NOSAVE\.\r\n-BUSY .*\r\n\+OK\r\n$/);
    expect(seen.script).toMatch(
      /^ERR Script killed by user with SCRIPT KILL\.\.\. script: [\da-f]{40}, on @user_script:1\.$/,
    );
    expect(await client.send(['PING'])).toMatchObject({ value: 'PONG' });
  });

  it('is not killed once it has written', async () => {
    const seen = await meanwhile(
      "redis.call('set', 'key', 1) for i = 1, 3e8 do end return 'done'",
      'SCRIPT KILL\r\n',
      'SHUTDOWN NOSAVE command.\r\n',
    );
    expect(seen.others).toContain('-UNKILLABLE');
    expect(seen.script).toBe('done');
  });

  it('ends by itself when nobody kills it', async () => {
    expect(await client.send(['SCRIPT', 'KILL'])).toMatchObject({
      value: 'NOTBUSY No scripts in execution right now.',
    });
  });
});

describe('effects of a script', () => {
  it('are framed, command by command, in deterministic form', async () => {
    const heard: (readonly string[])[] = [];
    server.server.keyspace.effects.add({ propagated: (_, argv) => heard.push(argv) });
    await client.send(['EVAL', "redis.call('set', 'a', 1) redis.call('get', 'a') return redis.call('incr', 'a')", '0']);
    expect(heard).toEqual([['MULTI'], ['set', 'a', '1'], ['incr', 'a'], ['EXEC']]);
    heard.length = 0;
    await client.send(['EVAL', "redis.set_repl(redis.REPL_NONE) return redis.call('set', 'b', 1)", '0']);
    await client.send(['EVAL', "return redis.call('get', 'b')", '0']);
    expect(heard).toEqual([]);
  });

  it('see time standing still', async () => {
    const reply = await client.send([
      'EVAL',
      "local a = redis.call('time') for i = 1, 3e6 do end local b = redis.call('time') return a[1] == b[1] and a[2] == b[2]",
      '0',
    ]);
    expect(reply).toMatchObject({ value: 1 });
  });
});
