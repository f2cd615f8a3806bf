// What leases promise under a frozen server and under contention, and what a limiter costs.
//
//   node test/bench/redis-primitives.mjs [frozen|handover|limiter] [--rounds 5] [--calls 20000] [--no-rival] [--json]
//
// frozen: redis-server is stopped by SIGSTOP while 20 leases per client are renewed; how long after the end of its
// validity each signal fires (bar: 50 ms), beside how late timers of the same event loop were.
// handover: one lease passed between four processes' worth of ports, each waiting before the other releases; from the
// release's call to the next holder (bar: p99 5 ms on a quiet machine).
// limiter: processor time of this process and of Redis per decision at concurrency 50, ioredis 5: ours, INCR, and
// rate-limiter-flexible (installed into a temporary folder), taking turns.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    calls: { type: 'string', default: '20000' },
    'no-rival': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const parts = positionals.length > 0 ? positionals : ['frozen', 'handover', 'limiter'];
const CALLS = Number(values.calls);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const require = createRequire(import.meta.url);
const scratch = mkdtempSync(join(tmpdir(), 'paxx-primitives-bench-'));
const report = {};
let server;

try {
  const library = await bundle();
  const redisPort = await startRedis();
  const clients = {
    'ioredis 5': () => new (require('ioredis-5').Redis)(redisPort, '127.0.0.1'),
    'ioredis 6': () => new (require('ioredis-6').Redis)(redisPort, '127.0.0.1'),
    'node-redis 5': () => connected(require('redis-5').createClient({ url: `redis://127.0.0.1:${redisPort}` })),
    'node-redis 6': () => connected(require('redis-6').createClient({ url: `redis://127.0.0.1:${redisPort}` })),
  };
  for (const part of parts) report[part] = await { frozen, handover, limiter }[part](library, clients);
  if (values.json) console.log(JSON.stringify(report));
} finally {
  server?.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
}

async function frozen({ createPort, createLeases }, clients) {
  const rows = {};
  for (const [name, make] of Object.entries(clients)) {
    const client = await make();
    client.on('error', () => {});
    const port = createPort(client, { warn() {} });
    const leases = createLeases(port);
    const late = [];
    const held = await Promise.all(
      Array.from({ length: 20 }, (_, i) => leases.acquire(`${name} ${i}`, { ttlMs: 1000 + i * 50, autoRenew: true })),
    );
    await delay(1200);
    server.kill('SIGSTOP');
    const stopWatching = watchTimers();
    await Promise.all(
      held.map(async (lease) => {
        // Renewals under way may still have been answered: the last word on its validity stands a moment later.
        await delay(100);
        const due = performance.now() + lease.validMs;
        await new Promise((fired) => lease.signal.addEventListener('abort', fired));
        late.push(performance.now() - due);
      }),
    );
    const timers = stopWatching();
    server.kill('SIGCONT');
    rows[name] = { ...spread(late), timers };
    console.log(`${name}: signals late by ms: ${words(rows[name])}; timers late by ${timers.toFixed(1)}`);
    await port.close();
    end(client);
  }
  return rows;
}

async function handover({ createPort, createLeases }, clients) {
  const rows = {};
  for (const [name, make] of Object.entries(clients)) {
    const all = await Promise.all([0, 1, 2, 3].map(make));
    const ports = all.map((client) => createPort(client, { warn() {} }));
    const users = ports.map((port) => createLeases(port));
    const wish = { ttlMs: 60_000, budgetMs: 60_000 };
    let lease = await users[0].wait('handover', wish);
    const took = [];
    for (let i = 1; i <= 400; i++) {
      const next = users[i % users.length].wait('handover', wish);
      await delay(5);
      const from = performance.now();
      void lease.release();
      lease = await next;
      took.push(performance.now() - from);
    }
    await lease.release();
    rows[name] = spread(took.slice(50));
    console.log(`${name}: handed over in ms: ${words(rows[name])}`);
    await Promise.all(ports.map((port) => port.close()));
    all.forEach(end);
  }
  return rows;
}

async function limiter({ createPort, createLimiter }, clients) {
  const client = clients['ioredis 5']();
  const port = createPort(client, { warn() {} });
  const ours = createLimiter(port);
  const wish = { rate: '1000000/s', burst: 1_000_000 };
  const contenders = [
    ['INCR', (i) => client.incr(`incr:${i % 1000}`)],
    ['ours', (i) => ours.gcra(`k${i % 1000}`, wish)],
  ];
  if (!values['no-rival']) {
    const { RateLimiterRedis } = install('rate-limiter-flexible');
    const rival = new RateLimiterRedis({ storeClient: client, points: 1_000_000, duration: 3600 });
    contenders.push(['rate-limiter-flexible', (i) => rival.consume(`k${i % 1000}`)]);
  }
  const samples = new Map(contenders.map(([label]) => [label, []]));
  for (const [, call] of contenders) await burst(call, 3000);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [label, call] of contenders) {
      const before = [process.cpuUsage(), await redisMicros(client)];
      await burst(call, CALLS);
      const { user, system } = process.cpuUsage(before[0]);
      samples
        .get(label)
        .push({ client: (user + system) / CALLS, redis: ((await redisMicros(client)) - before[1]) / CALLS });
    }
  }
  const rows = {};
  for (const [label, list] of samples) {
    rows[label] = { client: median(list.map((one) => one.client)), redis: median(list.map((one) => one.redis)) };
    console.log(
      `${label}: ${rows[label].client.toFixed(1)} µs of the client, ${rows[label].redis.toFixed(1)} µs of Redis`,
    );
  }
  await port.close();
  end(client);
  return rows;
}

async function redisMicros(client) {
  const info = await client.info('cpu');
  const field = (name) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)[1]);
  return (field('used_cpu_user') + field('used_cpu_sys')) * 1e6;
}

async function burst(call, calls) {
  let left = calls;
  const worker = async () => {
    while (left-- > 0) await call(left);
  };
  await Promise.all(Array.from({ length: 50 }, worker));
}

function spread(list) {
  const ordered = list.toSorted((a, b) => a - b);
  const at = (share) => ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))];
  return { median: at(0.5), p99: at(0.99), latest: ordered.at(-1) };
}

function words(row) {
  return ['median', 'p99', 'latest'].map((key) => `${key} ${row[key].toFixed(1)}`).join(', ');
}

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}

function delay(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/** How late timers are that do nothing. */
function watchTimers() {
  let worst = 0;
  let due = performance.now() + 5;
  const timer = setInterval(() => {
    worst = Math.max(worst, performance.now() - due);
    due = performance.now() + 5;
  }, 5);
  return () => {
    clearInterval(timer);
    return worst;
  };
}

function install(name) {
  const args = ['install', '--prefix', scratch, '--no-audit', '--no-fund', '--ignore-scripts', name];
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return createRequire(join(scratch, 'package.json'))(name);
}

function end(client) {
  if (client.isOpen === undefined) client.disconnect();
  else client.destroy();
}

async function connected(client) {
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function bundle() {
  const built = await rolldown({
    input: {
      port: join(root, 'src/redis/port/index.ts'),
      lease: join(root, 'src/redis/primitives/lease/index.ts'),
      limiter: join(root, 'src/redis/primitives/limiter/index.ts'),
    },
    platform: 'node',
    logLevel: 'silent',
  });
  await built.write({ dir: join(scratch, 'ours'), format: 'esm', entryFileNames: '[name].mjs' });
  await built.close();
  const load = (name) => import(pathToFileURL(join(scratch, 'ours', `${name}.mjs`)).href);
  return { ...(await load('port')), ...(await load('lease')), ...(await load('limiter')) };
}

async function startRedis() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => probe.once('listening', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', scratch], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((done) => server.stdout.on('data', (text) => String(text).includes('Ready to accept') && done()));
  return port;
}
