// What the port promises under a frozen server, and what it costs when all is well.
//
//   node test/bench/redis-port.mjs [deadlines|cost] [--rounds 7] [--commands 40000] [--concurrency 50] [--json]
//
// deadlines: redis-server is stopped by SIGSTOP while 200 calls with deadlines of 50 to 1,000 ms are made over each
// client's port, over sessions and as pipelines and scripts; the latest settlement past its deadline is reported (bar:
// 50 ms). How late timers of the same event loop are in that time is given beside it.
// cost: processor time of this process per GET, at the given concurrency: the bare client, the client with what it has
// for a deadline, and the port, taking turns. Medians, and the median of each round's ratio.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '7' },
    commands: { type: 'string', default: '40000' },
    concurrency: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
});
const parts = positionals.length > 0 ? positionals : ['deadlines', 'cost'];
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const require = createRequire(import.meta.url);
const scratch = mkdtempSync(join(tmpdir(), 'paxx-port-bench-'));
const report = {};
let server;

try {
  const library = await bundle();
  const port = await startRedis();
  const clients = {
    'ioredis 5': () => new (require('ioredis-5').Redis)(port, '127.0.0.1'),
    'ioredis 6': () => new (require('ioredis-6').Redis)(port, '127.0.0.1'),
    'node-redis 5': () => connected(require('redis-5').createClient({ url: `redis://127.0.0.1:${port}` })),
    'node-redis 6': () => connected(require('redis-6').createClient({ url: `redis://127.0.0.1:${port}` })),
  };
  if (parts.includes('deadlines')) report.deadlines = await deadlines(library, clients);
  if (parts.includes('cost')) report.cost = await cost(library, clients);
  if (values.json) console.log(JSON.stringify(report));
} finally {
  server?.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
}

async function deadlines({ createPort, defineScript }, clients) {
  const rows = {};
  const script = defineScript('bench', 'return 1');
  for (const [name, make] of Object.entries(clients)) {
    const client = await make();
    client.on('error', () => {});
    const port = createPort(client, { warn() {} });
    await port.script(script, ['k'], []);
    const session = await port.session();
    server.kill('SIGSTOP');
    const late = [];
    const stopWatching = watchTimers();
    const timed = async (call, deadlineMs) => {
      const due = performance.now() + deadlineMs;
      await call({ deadlineMs }).then(
        () => {},
        () => {},
      );
      late.push(performance.now() - due);
    };
    const calls = [];
    for (let index = 0; index < 50; index++) {
      const deadlineMs = 50 + index * 19;
      const get = { args: ['GET', 'k'], key: 'k', readOnly: true };
      calls.push(
        timed((options) => port.send(get, options), deadlineMs),
        timed((options) => session.send({ args: ['INCR', 'k'] }, options), deadlineMs),
        timed((options) => port.pipeline([get, get], options), deadlineMs),
        timed((options) => port.script(script, ['k'], [], options), deadlineMs),
      );
      await delay(1);
    }
    await Promise.all(calls);
    const timers = stopWatching();
    server.kill('SIGCONT');
    const ordered = late.toSorted((a, b) => a - b);
    rows[name] = { calls: late.length, earliest: ordered[0], median: ordered[100], latest: ordered.at(-1), timers };
    const text = ['earliest', 'median', 'latest'].map((key) => `${key} ${rows[name][key].toFixed(1)}`).join(', ');
    console.log(
      `${name}: ${late.length} calls settled, past their deadline by ms: ${text}; timers late by ${timers.toFixed(1)}`,
    );
    await port.close();
    end(client);
  }
  return rows;
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

async function cost({ createPort }, clients) {
  const get = { args: ['GET', 'k'], key: 'k', readOnly: true };
  const rows = {};
  for (const [name, make] of Object.entries(clients)) {
    const client = await make();
    client.on('error', () => {});
    await (client.isOpen === undefined ? client.set('k', 'value') : client.sendCommand(['SET', 'k', 'value']));
    const port = createPort(client, { warn() {} });
    await port.send(get);
    const contenders = [
      ['bare', bareGet(client, name)],
      ['with its deadline', await deadlineGet(make, name)],
      ['port', () => port.send(get)],
    ];
    const samples = new Map(contenders.map(([label]) => [label, []]));
    for (const [, run] of contenders) await burst(run, 5000);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [label, run] of contenders) samples.get(label).push(await micros(run));
    }
    const bare = samples.get('bare');
    rows[name] = Object.fromEntries(
      [...samples].map(([label, list]) => [
        label,
        { micros: median(list), ratio: median(list.map((value, round) => value / bare[round])) },
      ]),
    );
    const text = Object.entries(rows[name]).map(
      ([label, row]) => `${label} ${row.micros.toFixed(2)} (x${row.ratio.toFixed(2)})`,
    );
    console.log(`${name}, µs per GET: ${text.join(', ')}`);
    await port.close();
    for (const [, run] of contenders) run.end?.();
    end(client);
  }
  return rows;
}

function bareGet(client, name) {
  // Without the timer that version 6 starts for each command by default.
  if (name === 'node-redis 6') {
    const plain = client.withCommandOptions({ timeout: 0 });
    return () => plain.get('k');
  }
  return () => client.get('k');
}

/** With what the client has for a deadline, though it does not hold for written commands in node-redis. */
async function deadlineGet(make, name) {
  if (name.startsWith('ioredis')) {
    const base = await make();
    const client = base.duplicate({ commandTimeout: 5000 });
    base.disconnect();
    const run = () => client.get('k');
    run.end = () => client.disconnect();
    return run;
  }
  const client = await make();
  const run = () => client.sendCommand(['GET', 'k'], { timeout: 5000 });
  run.end = () => client.destroy();
  return run;
}

async function micros(run) {
  const before = process.cpuUsage();
  await burst(run, Number(values.commands));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / Number(values.commands);
}

async function burst(run, commands) {
  let left = commands;
  const worker = async () => {
    while (left-- > 0) await run();
  };
  await Promise.all(Array.from({ length: Number(values.concurrency) }, worker));
}

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
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
  const built = await rolldown({ input: join(root, 'src/redis/port/index.ts'), platform: 'node', logLevel: 'silent' });
  await built.write({ file: join(scratch, 'port.mjs'), format: 'esm' });
  await built.close();
  return import(pathToFileURL(join(scratch, 'port.mjs')).href);
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
