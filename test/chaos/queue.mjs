// Workers killed, stopped, cut off and restarted under a redis-server that is killed, too: no job lost, none
// acknowledged twice.
//
//   node test/chaos/queue.mjs [rounds, 1000] [--seed n]
//
// One queue and three worker processes, each with another client, live through all rounds. A round enqueues jobs,
// does one or two of the faults below in the midst of the work, waits until nothing is left and looks at what the
// workers have written down. redis-server appends with fsync always, so what it acknowledged outlives its death.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlePackage, CLIENTS, freePort, now, seeded, startRedis } from './processes.mjs';
import { CHAOS } from './queue-settings.mjs';

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string', default: String(Date.now() % 1e6) } },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? 1000);
const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const scratch = mkdtempSync(join(tmpdir(), 'paxx-queue-chaos-'));
const log = join(scratch, 'log');
const APPENDING = ['--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-min-size', '2mb'];
const JOBS = 40;
const WORKERS = 3;
/** A round that has not ended by then never will. */
const LIMIT_MS = 30_000;
/** A server that is started again reads what it has written first. */
const PATIENCE_MS = 60_000;

const random = seeded(Number(values.seed));
let server;
let made = 0;
const totals = { jobs: 0, dead: 0, attempts: 0, acknowledged: 0, lostSignals: 0, faults: {} };
const violations = [];
const workers = [];

try {
  writeFileSync(log, '');
  const bundle = await bundlePackage(scratch, ['port/index.ts', 'primitives/queue/index.ts']);
  const redisPort = await freePort();
  server = await startRedis(redisPort, scratch, APPENDING);
  const { createPort, createQueue } = await import(bundle);
  const { Redis } = require('ioredis-6');
  const client = new Redis(redisPort, '127.0.0.1', { retryStrategy: () => 20 });
  client.on('error', () => {});
  const port = createPort(client, { defaultDeadlineMs: 1000, warn: () => {} });
  const queue = createQueue(port, 'chaos', CHAOS);
  const faults = makeFaults(redisPort, port, bundle);
  for (let i = 0; i < WORKERS; i++) workers.push(await startWorker(redisPort, bundle));
  for (let turn = 0; turn < rounds && violations.length === 0; turn++) {
    await round(turn, queue, port, faults);
    if ((turn + 1) % 50 === 0) console.log(`${turn + 1} rounds: ${JSON.stringify(totals)}`);
  }
  await checkRest(queue, port);
  await port.close();
  client.disconnect();
  console.log(`seed ${values.seed}, ${rounds} rounds: ${JSON.stringify(totals)}`);
  for (const violation of violations) console.log(`VIOLATION ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
} finally {
  for (const { child } of workers) child.kill('SIGKILL');
  server?.kill('SIGKILL');
  await delay(50);
  rmSync(scratch, { recursive: true, force: true });
}

async function round(turn, queue, port, faults) {
  truncateSync(log, 0);
  const stops = [];
  const kills = new Set();
  const enqueueing = enqueueAll(queue);
  // It is awaited below.
  enqueueing.catch(() => {});
  const names = Object.keys(faults);
  const timeline = [];
  for (let i = 0; i < 1 + Math.floor(random() * 2); i++) {
    const name = names[Math.floor(random() * names.length)];
    await delay(random() * 150);
    const from = now();
    await faults[name](stops, kills);
    timeline.push(`${name} ${Math.round(from)} to ${Math.round(now())}`);
    totals.faults[name] = (totals.faults[name] ?? 0) + 1;
  }
  const ids = await enqueueing;
  await drained(turn, queue);
  // Acknowledgements that are on their way are written down a moment later.
  await delay(20);
  await Promise.all(workers.map(({ child }) => synced(child)));
  const dead = new Set((await retry(() => queue.dead.list({ limit: 1000 }))).map(({ jobId }) => jobId));
  await retry(() => queue.dead.purge('all'));
  check(turn, ids, dead, timeline, { stops, kills });
}

async function synced(child) {
  const answer = once(child, 'message');
  child.send('sync');
  await answer;
}

/** Each with a dedup id, so that those whose reply was lost can be enqueued again. */
async function enqueueAll(queue) {
  const ids = [];
  for (let i = 0; i < JOBS; i++) {
    const n = made++;
    const options = {
      dedupId: `job-${n}`,
      dedupTtlMs: 60_000,
      delayMs: random() < 0.2 ? Math.ceil(random() * 300) : 0,
    };
    const { id } = await retry(() => queue.enqueue({ n }, options));
    ids.push(id);
    if (i % 8 === 7) await delay(random() * 30);
  }
  return ids;
}

async function drained(turn, queue) {
  const began = performance.now();
  for (;;) {
    const { waiting, pending, delayed } = await retry(() => queue.stats());
    if (waiting + pending + delayed === 0) return;
    if (performance.now() - began > LIMIT_MS) {
      violations.push(`round ${turn}: not done: waiting ${waiting}, pending ${pending}, delayed ${delayed}`);
      return;
    }
    await delay(20);
  }
}

function check(turn, ids, dead, timeline, { stops, kills }) {
  const events = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const byJob = new Map();
  for (const [kind, id, run, at, from] of events) {
    if (kind === 'L') {
      stops.push({ pid: Number.parseInt(run, 10), from: Number(from), to: Number(at) });
      continue;
    }
    if (kind === 'U')
      violations.push(`round ${turn}: unhandled rejection: ${events.find(([k]) => k === 'U').join(' ')}`);
    const runs = byJob.get(id) ?? new Map();
    byJob.set(id, runs);
    const own = runs.get(run) ?? { run, pid: Number(run.split(':')[0]) };
    runs.set(run, own);
    own[kind] = Number(at);
    if (kind === 'F') own.reason = from;
  }
  for (const id of ids) {
    const runs = [...(byJob.get(id)?.values() ?? [])];
    const acknowledged = runs.filter(({ A }) => A !== undefined).length;
    const attempts = runs.length;
    const fail = (what) =>
      violations.push(`round ${turn} (${timeline.join(', ')}), job ${id}: ${what}: ${JSON.stringify(runs)}`);
    totals.jobs++;
    totals.attempts += attempts;
    totals.acknowledged += acknowledged;
    totals.lostSignals += runs.filter(({ F }) => F !== undefined).length;
    if (dead.has(id)) totals.dead++;
    if (!dead.has(id) && !runs.some(({ C }) => C !== undefined)) fail('lost');
    if (acknowledged > (dead.has(id) ? 0 : 1)) fail('acknowledged too often');
    // A fault may hit all workers at once, and a restart gives jobs back.
    if (attempts > CHAOS.maxAttempts + timeline.length * 2) fail(`${attempts} attempts`);
    checkOverlaps(runs, fail, stops, kills);
  }
}

/**
 * Two at once only when the earlier has been told, or could not be: stopped processes hear nothing, killed ones do
 * nothing. Earlier is who got the job earlier: one that was stopped meanwhile begins with it after the next has.
 */
function checkOverlaps(runs, fail, stops, kills) {
  const inOrder = runs.toSorted((a, b) => compare(turnOf(a), turnOf(b)));
  for (const [i, first] of inOrder.entries()) {
    if (kills.has(first.pid)) continue;
    for (const second of inOrder.slice(i + 1)) {
      const both = Math.max(first.S, second.S);
      if (both >= (first.E ?? Infinity) || (first.F ?? Infinity) <= both) continue;
      const stopped = stops.some(({ pid, from, to }) => pid === first.pid && from <= both && both <= to + 100);
      if (!stopped) fail('two workers at once, and the first was not told');
    }
  }
}

/** A retry is an entry of its own, and an entry is delivered until it is acknowledged. */
function turnOf({ run }) {
  const [, milliseconds, sequence, delivery] = /^\d+:(\d+)-(\d+):(\d+)$/.exec(run).map(Number);
  return [milliseconds, sequence, delivery];
}

function compare(a, b) {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}

/** Memory, consumers and keys are as they were. */
async function checkRest(queue, port) {
  const left = await port.send({ args: ['KEYS', '*'], readOnly: true });
  const strange = left.filter((key) => !/^paxx:\{chaos\}:(s|dlq|wake|dedup:.*)$/.test(key));
  if (strange.length > 0) violations.push(`keys are left: ${strange.join(' ')}`);
  const bytes = await port.send({ args: ['MEMORY', 'USAGE', 'paxx:{chaos}:s', 'SAMPLES', 0], readOnly: true });
  totals.streamBytes = bytes;
  // A consumer that was killed is forgotten minutes later; each is some 200 bytes until then.
  if (bytes > 20_000 + 1000 * (totals.faults.kill ?? 0)) violations.push(`the stream takes ${bytes} bytes`);
}

function pickWorker() {
  return Math.floor(random() * WORKERS);
}

function makeFaults(redisPort, port, bundle) {
  return {
    async kill(_, kills) {
      const index = pickWorker();
      const { child } = workers[index];
      kills.add(child.pid);
      child.kill('SIGKILL');
      workers[index] = await startWorker(redisPort, bundle);
    },
    async stop(stops) {
      const { child } = workers[pickWorker()];
      const from = now();
      child.kill('SIGSTOP');
      await delay(CHAOS.vtMs * (1.1 + random()));
      child.kill('SIGCONT');
      stops.push({ pid: child.pid, from, to: now() });
    },
    async cut() {
      // Its own connection among them.
      await port.send({ args: ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no'] }).catch(() => {});
    },
    async crash() {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
      await delay(random() * 100);
      server = await startRedis(redisPort, scratch, APPENDING);
    },
    async freeze() {
      server.kill('SIGSTOP');
      await delay(CHAOS.vtMs * random() * 2);
      server.kill('SIGCONT');
    },
    async restart() {
      workers[pickWorker()].child.send('restart');
    },
    async forget() {
      await port.send({ args: ['SCRIPT', 'FLUSH'] }).catch(() => {});
    },
  };
}

/** Repeats what may be repeated. */
async function retry(work) {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(20);
    }
  }
}

async function startWorker(redisPort, bundle) {
  const client = CLIENTS[Math.floor(random() * CLIENTS.length)];
  const child = fork(join(here, 'queue-worker.mjs'), [bundle, String(redisPort), client, log]);
  await once(child, 'message');
  return { child };
}
