// Holders of a lease, of permits and of a leader's term killed, stopped and cut off, under a redis-server that is
// stopped, killed and restarted with all its data, or with none.
//
//   node test/chaos/holders.mjs [rounds, 1000] [--seed n]
//   node test/chaos/holders.mjs --plant <bug>     with a bug from holders-planted.mjs: ends with 1 when it is found
//   node test/chaos/holders.mjs 200 --planted     each of them in turn: ends with 1 where one is not found
//
// Four worker processes, each with another client, live through all rounds. A round does one to three of the faults
// below at once, waits until everybody gets on and has the judge look at what the workers have written down. In turn,
// for five rounds, redis-server appends with fsync always, so what it acknowledged outlives its death, or keeps nothing.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { plant } from '../simulation/bundle.mjs';
import { createJudge, HOLDERS } from './holders-judge.mjs';
import { planted } from './holders-planted.mjs';
import { bundlePackage, CLIENTS, freePort, now, seeded, startRedis } from './processes.mjs';

const { values, positionals } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    plant: { type: 'string' },
    planted: { type: 'boolean' },
  },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? 1000);
const script = fileURLToPath(import.meta.url);
const require = createRequire(import.meta.url);
const APPENDING = ['--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-min-size', '2mb'];
/** Rounds before the server changes its ways. */
const ERA = Math.min(5, Math.ceil(rounds / 2));
/** Who has not got on by then never will. */
const LIMIT_MS = 30_000;
/** As long as anything is held, and half as long again. */
const STOP_MS = HOLDERS.term.ttlMs * 1.5;

if (values.planted) await findPlanted();
else await play();

async function play() {
  const scratch = mkdtempSync(join(tmpdir(), 'paxx-holders-chaos-'));
  const log = join(scratch, 'log');
  writeFileSync(log, '');
  const tail = tailOf(log);
  const judge = createJudge();
  const random = seeded(Number(values.seed));
  const faults = {};
  const violations = [];
  const world = {
    scratch,
    log,
    judge,
    random,
    port: await freePort(),
    appends: true,
    era: 0,
    seen: 0,
    slowest: { ms: 0 },
    workers: [],
  };
  try {
    world.bundle = await bundlePackage(scratch, ['port/index.ts', 'primitives/index.ts'], (code) =>
      values.plant === undefined ? code : plant(code, planted[values.plant]),
    );
    await startServer(world);
    const { Redis } = require('ioredis-6');
    world.client = new Redis(world.port, '127.0.0.1', { retryStrategy: () => 20 });
    world.client.on('error', () => {});
    world.workers = await Promise.all(CLIENTS.map((_, index) => startWorker(world, index)));
    const fates = makeFaults(world);
    let turn = 0;
    for (; turn < rounds && violations.length === 0; turn++) {
      if (turn > 0 && turn % ERA === 0) await changeServer(world);
      const timeline = await disturb(world, fates, faults);
      const stuck = await everybodyGetsOn(world, tail);
      judge.touched(await readResource(world));
      judge.read(tail.lines());
      for (const found of [...judge.check(now()), ...stuck])
        violations.push(
          `round ${turn} (${world.appends ? 'appending' : 'forgetting'}; ${timeline.join(', ')}): ${found}`,
        );
      if ((turn + 1) % 50 === 0) console.log(`${turn + 1} rounds: ${summary(world, faults)}`);
    }
    console.log(`seed ${values.seed}, ${turn} rounds: ${summary(world, faults)}`);
    for (const violation of violations) console.log(`VIOLATION ${violation}`);
    if (violations.length > 0) process.exitCode = 1;
  } finally {
    world.client?.disconnect();
    for (const child of world.workers) child.kill('SIGKILL');
    world.server?.kill('SIGKILL');
    tail.close();
    await delay(50);
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** `slowest`: how long after the faults of a round somebody had to wait at the most, and who. */
function summary({ judge, slowest }, faults) {
  return JSON.stringify({ ...judge.totals, slowest, faults });
}

/** Some faults at once; of one process, one after the other. @returns what was done when */
async function disturb(world, fates, counts) {
  const { random } = world;
  const names = Object.keys(fates);
  const timeline = [];
  const queues = new Map();
  const one = async (name, index, after) => {
    await delay(after);
    const victims = victimsOf(name, index);
    const turn = Promise.all(victims.map((victim) => queues.get(victim))).then(async () => {
      const from = now();
      await fates[name](index);
      timeline.push(`${name} ${victims.join('+')} ${Math.round(from)} to ${Math.round(now())}`);
      counts[name] = (counts[name] ?? 0) + 1;
    });
    for (const victim of victims) queues.set(victim, turn);
    await turn;
  };
  const all = [];
  for (let i = 0; i < 1 + Math.floor(random() * 3); i++) {
    const name = names[Math.floor(random() * names.length)];
    all.push(one(name, Math.floor(random() * CLIENTS.length), random() * 200));
  }
  await Promise.all(all);
  return timeline;
}

function victimsOf(name, index) {
  if (name === 'deafen') return ['server', `#${index}`];
  return name === 'kill' || name === 'stop' ? [`#${index}`] : ['server'];
}

function makeFaults(world) {
  const { random, client } = world;
  return {
    async kill(index) {
      world.workers[index].kill('SIGKILL');
      world.workers[index] = await startWorker(world, index);
    },
    async stop(index) {
      const child = world.workers[index];
      child.kill('SIGSTOP');
      await delay(STOP_MS * random());
      child.kill('SIGCONT');
    },
    async crash() {
      if (!world.appends) world.judge.touched(await readResource(world));
      await killServer(world, !world.appends);
      await delay(random() * 100);
      await startServer(world);
    },
    async freeze() {
      world.server.kill('SIGSTOP');
      await delay(STOP_MS * random());
      world.server.kill('SIGCONT');
    },
    /** The server does what a worker has asked of it, which hears of it much later. */
    async deafen(index) {
      world.server.kill('SIGSTOP');
      await delay(random() * 100);
      world.workers[index].kill('SIGSTOP');
      world.server.kill('SIGCONT');
      await delay(STOP_MS * random());
      world.workers[index].kill('SIGCONT');
    },
    // Its own connection among them.
    cut: () => client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no').catch(() => {}),
    forget: () => client.call('SCRIPT', 'FLUSH').catch(() => {}),
  };
}

async function startServer(world) {
  const options = world.appends ? [...APPENDING, '--appenddirname', `log-${world.era}`] : [];
  world.server = await startRedis(world.port, world.scratch, options);
}

async function killServer(world, losing) {
  const gone = once(world.server, 'exit');
  world.server.kill('SIGKILL');
  await gone;
  // Tokens are not below the server's time in µs; the next one to grant any begins later.
  if (losing) world.judge.wiped(now(), (Date.now() + 1) * 1000);
}

/** Begins with nothing. */
async function changeServer(world) {
  world.judge.touched(await readResource(world));
  await killServer(world, true);
  world.appends = !world.appends;
  world.era++;
  await startServer(world);
}

async function startWorker(world, index) {
  const file = fileURLToPath(new URL('holders-worker.mjs', import.meta.url));
  const child = fork(file, [world.bundle, String(world.port), CLIENTS[index], world.log]);
  await once(child, 'message');
  child.on('message', ({ token }) => {
    // A resource outside of Redis, which loses nothing: it refuses those that were overtaken.
    if (token < world.seen) world.judge.refused(token, now());
    else world.seen = token;
  });
  return child;
}

/** Each worker has the lease and a permit once more, and somebody leads anew. @returns who does not get on */
async function everybodyGetsOn(world, tail) {
  const since = now();
  for (;;) {
    world.judge.read(tail.lines());
    const grants = world.judge.grantsSince(since);
    const waiting = world.workers.flatMap(({ pid }, index) =>
      ['lease', 'permit']
        .filter((what) => !grants.some((grant) => grant.pid === pid && grant.what === what))
        .map((what) => `#${index} gets no ${what}`),
    );
    if (!grants.some(({ what }) => what === 'term')) waiting.push('nobody leads');
    const ms = Math.round(now() - since);
    if (waiting.length > 0 && ms > world.slowest.ms) world.slowest = { ms, waiting };
    if (waiting.length === 0) return [];
    if (ms > LIMIT_MS) return waiting;
    await delay(20);
  }
}

/** Takes out the tokens with which the resource in Redis was touched. */
async function readResource({ client }) {
  const until = now() + LIMIT_MS;
  for (;;) {
    try {
      return ((await client.call('LPOP', 'paxx:{r}:log', 1_000_000)) ?? []).map(Number);
    } catch (error) {
      if (now() > until) throw error;
      await delay(20);
    }
  }
}

/** What has been appended to a file since it was last asked, in whole lines. */
function tailOf(path) {
  const file = openSync(path, 'r');
  const chunk = Buffer.alloc(1 << 20);
  let rest = '';
  return {
    lines() {
      for (;;) {
        const length = readSync(file, chunk);
        if (length === 0) break;
        rest += chunk.toString('latin1', 0, length);
      }
      const lines = rest.split('\n');
      rest = lines.pop();
      return lines;
    },
    close: () => closeSync(file),
  };
}

async function findPlanted() {
  for (const bug of Object.keys(planted)) {
    const found = await new Promise((resolve, reject) => {
      const args = [script, String(rounds), '--seed', values.seed, '--plant', bug];
      execFile(process.execPath, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
        const violation = /^VIOLATION (.{0,300})/m.exec(stdout)?.[1];
        if (error !== null && violation === undefined) reject(new Error(`${bug} cannot be tried: ${stderr}`));
        else resolve(violation);
      });
    });
    if (found === undefined) process.exitCode = 1;
    console.log(`${bug.padEnd(22)} ${found ?? `NOT FOUND in ${rounds} rounds`}`);
  }
}
