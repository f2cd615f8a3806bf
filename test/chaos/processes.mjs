// What the torments of real processes share: clock, dice, a redis-server, the package as one file, and its clients.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

export const CLIENTS = ['ioredis-5', 'ioredis-6', 'redis-5', 'redis-6'];

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../src/redis/', import.meta.url));

/** Milliseconds of the system's monotonic clock, which all processes of a machine share. */
export function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** mulberry32: numbers from [0, 1) that the seed decides. */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Resolves when it accepts connections. @param options of redis-server, beside those that bind it to its place */
export async function startRedis(port, folder, options) {
  const place = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const server = spawn('redis-server', [...place, ...options].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    server.stdout.on('data', (text) => String(text).includes('Ready to accept connections') && resolve());
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
  });
  return server;
}

/**
 * The package as one file, for processes that cannot read TypeScript.
 * @param modules below src/redis
 * @param change of its text
 * @returns the URL to import
 */
export async function bundlePackage(folder, modules, change = (code) => code) {
  const entry = join(folder, 'entry.ts');
  writeFileSync(entry, modules.map((path) => `export * from ${JSON.stringify(join(root, path))};\n`).join(''));
  const bundle = await rolldown({ input: entry, platform: 'node', logLevel: 'silent' });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  await bundle.close();
  const file = join(folder, 'package.mjs');
  writeFileSync(file, change(output[0].code));
  return pathToFileURL(file).href;
}

/** A client that gives up nothing and queues nothing. @param name one of CLIENTS */
export function makeClient(name, port) {
  const url = `redis://127.0.0.1:${port}`;
  if (name.startsWith('ioredis')) {
    const { Redis } = require(name);
    const client = new Redis(url, {
      retryStrategy: () => 50,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
    });
    return client.on('error', () => {});
  }
  const { createClient } = require(name);
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: () => 50 } });
  client.on('error', () => {});
  client.connect().catch(() => {});
  return client;
}
