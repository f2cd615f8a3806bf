// npm run bench:queue: our queue and BullMQ 6 over one redis-server, taking turns.
//
//   node test/bench/queue.mjs [--jobs 20000] [--rounds 5] [--concurrency 50] [--bullmq 6] [--no-bullmq] [--json]
//
// BullMQ is installed into a temporary folder. Both get the same client (ioredis 5), the same jobs and a handler that
// does nothing; BullMQ removes finished jobs, as ours do by themselves. For each round: all jobs are enqueued in batches,
// then a worker works them off. Then single jobs, to an idle worker: how long until the handler sees them.
// Redis' part is its processor time (INFO cpu) per job; `bytesLeft` is its memory afterwards, less before.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '50' },
    latencies: { type: 'string', default: '500' },
    bullmq: { type: 'string', default: '6' },
    'no-bullmq': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const JOBS = Number(values.jobs);
const CONCURRENCY = Number(values.concurrency);
const BATCH = 500;

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const require = createRequire(import.meta.url);
const scratch = mkdtempSync(join(tmpdir(), 'paxx-queue-bench-'));
const { Redis } = require('ioredis-5');
let server;

try {
  const { createPort, createQueue } = await bundle();
  const bullmq = values['no-bullmq'] ? undefined : install();
  const port = await startRedis();
  const rivals = [ours(createPort, createQueue, port), ...(bullmq ? [bull(bullmq, port)] : [])];
  const rows = new Map(rivals.map(({ name }) => [name, []]));
  const redis = new Redis(port, '127.0.0.1');
  for (const rival of rivals) await measure(rival, redis, Math.min(JOBS, 5000));
  for (let turn = 0; turn < Number(values.rounds); turn++) {
    for (const rival of rivals) rows.get(rival.name).push(await measure(rival, redis, JOBS));
  }
  for (const rival of rivals) rows.get(rival.name).latency = await visibility(rival, redis);
  report(rows);
  redis.disconnect();
} finally {
  server?.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
}

async function measure(rival, redis, jobs) {
  await redis.flushall();
  const { bytes } = await usage(redis);
  const queue = await rival.open();
  const enqueueing = await cost(redis, async () => {
    for (let first = 0; first < jobs; first += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, jobs - first) }, (_, i) => ({
        to: 'a@b.example',
        n: first + i,
      }));
      await queue.add(batch);
    }
  });
  let done = 0;
  const working = await cost(redis, async () => {
    let finished;
    const all = new Promise((resolve) => (finished = resolve));
    const stop = queue.work(() => {
      if (++done === jobs) finished();
    }, CONCURRENCY);
    await all;
    await stop();
  });
  await queue.close();
  // Clients that have gone are freed a moment later.
  await delay(200);
  const { bytes: left } = await usage(redis);
  return {
    bytesLeft: left - bytes,
    addsPerSecond: jobs / enqueueing.seconds,
    jobsPerSecond: jobs / working.seconds,
    redisMicros: (working.redisSeconds / jobs) * 1e6,
    redisMicrosAdd: (enqueueing.redisSeconds / jobs) * 1e6,
    clientMicros: (working.clientSeconds / jobs) * 1e6,
    commands: working.commands / jobs,
  };
}

async function visibility(rival, redis) {
  await redis.flushall();
  const queue = await rival.open();
  const delays = [];
  const stop = queue.work((data) => delays.push(performance.now() - data.at), CONCURRENCY);
  await delay(500);
  const count = Number(values.latencies);
  for (let i = 0; i < count; i++) {
    await queue.addOne({ at: performance.now() });
    await delay(2 + Math.random() * 6);
  }
  while (delays.length < count) await delay(10);
  await stop();
  await queue.close();
  delays.sort((a, b) => a - b);
  const at = (share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))];
  return { p50: at(0.5), p99: at(0.99), max: delays.at(-1) };
}

async function cost(redis, work) {
  const before = await usage(redis);
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const after = await usage(redis);
  return {
    seconds,
    redisSeconds: after.cpu - before.cpu,
    commands: after.commands - before.commands,
    clientSeconds: (user + system) / 1e6,
  };
}

async function usage(redis) {
  const info = await redis.info();
  const field = (name) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)[1]);
  return {
    bytes: field('used_memory'),
    cpu: field('used_cpu_user') + field('used_cpu_sys'),
    // Those that scripts call, too: total_commands_processed leaves them out.
    commands:
      [...info.matchAll(/calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0) ||
      field('total_commands_processed'),
  };
}

function ours(createPort, createQueue, redisPort) {
  return {
    name: 'paxx',
    async open() {
      const client = new Redis(redisPort, '127.0.0.1', {
        autoResendUnfulfilledCommands: false,
        enableOfflineQueue: false,
        lazyConnect: true,
      });
      await client.connect();
      const port = createPort(client);
      const queue = createQueue(port, 'bench');
      return {
        add: (batch) => queue.enqueueMany(batch.map((data) => ({ data }))),
        addOne: (data) => queue.enqueue(data),
        work(handler, concurrency) {
          const worker = queue.process((job) => handler(job.data), { concurrency });
          return () => worker.stop();
        },
        async close() {
          await port.close();
          client.disconnect();
        },
      };
    },
  };
}

function bull({ Queue, Worker }, redisPort) {
  const connection = () => new Redis(redisPort, '127.0.0.1', { maxRetriesPerRequest: null });
  return {
    name: 'bullmq',
    async open() {
      const client = connection();
      const queue = new Queue('bench', { connection: client, defaultJobOptions: { removeOnComplete: true } });
      await queue.waitUntilReady();
      return {
        add: (batch) => queue.addBulk(batch.map((data) => ({ name: 'job', data }))),
        addOne: (data) => queue.add('job', data),
        work(handler, concurrency) {
          const own = connection();
          const worker = new Worker('bench', async (job) => handler(job.data), { connection: own, concurrency });
          return async () => {
            await worker.close();
            own.disconnect();
          };
        },
        async close() {
          await queue.close();
          client.disconnect();
        },
      };
    },
  };
}

function install() {
  // Its own dependencies only; the client is the one that ours uses.
  const args = [
    'install',
    '--prefix',
    scratch,
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `bullmq@${values.bullmq}`,
  ];
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return createRequire(join(scratch, 'package.json'))('bullmq');
}

async function bundle() {
  const built = await rolldown({
    input: { port: join(root, 'src/redis/port/index.ts'), queue: join(root, 'src/redis/primitives/queue/index.ts') },
    platform: 'node',
    logLevel: 'silent',
  });
  await built.write({ dir: join(scratch, 'ours'), format: 'esm', entryFileNames: '[name].mjs' });
  await built.close();
  const load = (name) => import(pathToFileURL(join(scratch, 'ours', `${name}.mjs`)).href);
  return { ...(await load('port')), ...(await load('queue')) };
}

async function startRedis() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => probe.once('listening', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', scratch], {
    stdio: 'ignore',
  });
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => {});
  await client.ping();
  client.disconnect();
  return port;
}

function report(rows) {
  const columns = [
    'addsPerSecond',
    'jobsPerSecond',
    'redisMicrosAdd',
    'redisMicros',
    'clientMicros',
    'commands',
    'bytesLeft',
  ];
  const medians = new Map(
    [...rows].map(([name, list]) => [
      name,
      Object.fromEntries(columns.map((column) => [column, median(list, column)])),
    ]),
  );
  if (values.json) {
    console.log(JSON.stringify([...rows].map(([name, list]) => ({ name, rounds: [...list], latency: list.latency }))));
    return;
  }
  console.log(`${values.rounds} rounds of ${JOBS} jobs, concurrency ${CONCURRENCY}, taking turns; medians (range)`);
  for (const [name, list] of rows) {
    console.log(`\n${name}`);
    for (const column of columns) {
      const all = list.map((row) => row[column]);
      const range = `${rounded(Math.min(...all))} to ${rounded(Math.max(...all))}`;
      console.log(`  ${column.padEnd(16)} ${rounded(medians.get(name)[column]).padStart(10)}   (${range})`);
    }
    const { p50, p99, max } = list.latency;
    console.log(`  visibility       p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, max ${max.toFixed(2)} ms`);
  }
  const [a, b] = [...rows.values()];
  const redisMicros = medians.get('paxx').redisMicros + medians.get('paxx').redisMicrosAdd;
  const ratios = b?.map((row, i) => a[i].jobsPerSecond / row.jobsPerSecond).sort((x, y) => x - y);
  console.log();
  if (ratios)
    bar('jobs/s against BullMQ, same round, median', ratios[Math.floor(ratios.length / 2)], (x) => x >= 2, '>= 2');
  bar('redis-µs per job, enqueueing included', redisMicros, (x) => x <= 20, '<= 20');
  bar('visibility p99, ms', a.latency.p99, (x) => x < 20, '< 20');
}

function bar(what, value, passes, wanted) {
  const passed = passes(value);
  if (!passed) process.exitCode = 1;
  console.log(`${passed ? 'ok  ' : 'MISS'} ${what}: ${rounded(value)} (${wanted})`);
}

function median(list, column) {
  const sorted = list.map((row) => row[column]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function rounded(value) {
  return value >= 1000 ? String(Math.round(value)) : value.toFixed(2);
}
