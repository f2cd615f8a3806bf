// A worker of test/chaos/holders.mjs, in a process of its own so that it can be killed and stopped.
//
//   node holders-worker.mjs <bundled package> <redis port> <client> <log>
//
// It takes the lease, a permit and the leader's term again and again, and appends to the log, by writeSync, which
// outlives a SIGKILL:
//
//   G what id pid at until asked   granted at that time, certain until then
//   V what id pid at until         used: neither had its signal fired nor its time passed
//   R what id pid at               about to be given back
//   L what id pid at               its signal fired
//   D what id pid at               its time has passed, turn after turn, and no signal
//   U text                         an error that nobody should see
//
// `id` is the token, or a permit's id. Times are of the system's monotonic clock; an `until` is never later than what
// the API has told.
import { openSync, writeSync } from 'node:fs';
import { makeClient, now } from './processes.mjs';

const [, , bundle, redisPort, name, path] = process.argv;
const { createLeases, createLeaders, createPort, createSemaphores, defineFencedScript, isPaxxRedisError } =
  await import(bundle);
const { HOLDERS } = await import('./holders-judge.mjs');
const log = openSync(path, 'a');
const write = (...parts) => writeSync(log, `${parts.join(' ')}\n`);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const TURN_MS = 12;
/** So many turns after it is due, the timer that fires the signal has had its own, however slow the machine is. */
const PATIENT_TURNS = 4;
const append = defineFencedScript('chaos.append', `redis.call('RPUSH', KEYS[1], ARGV[1])`);

const port = createPort(makeClient(name, redisPort), { defaultDeadlineMs: 1000, warn: () => {} });
const leases = createLeases(port);
const semaphores = createSemaphores(port);
const leaders = createLeaders(port);
/** What it holds now. */
const holding = new Set();

process.on('disconnect', () => process.exit());
process.on('unhandledRejection', unexpected);
setInterval(() => {
  for (const one of holding) one.use();
}, TURN_MS);
process.send('ready');
void forever(() => takeLease());
void forever(() => takePermit());
void forever(() => lead());

async function forever(work) {
  for (;;) {
    try {
      await work();
    } catch (error) {
      if (!isPaxxRedisError(error)) unexpected(error);
      await sleep(20 + Math.random() * 30);
    }
  }
}

async function takeLease() {
  const { ttlMs } = HOLDERS.lease;
  const asked = now();
  const autoRenew = Math.random() < 0.6;
  const got = await (Math.random() < 0.5
    ? leases.wait('l', { ttlMs, autoRenew, budgetMs: 400 + Math.random() * 1200 })
    : leases.acquire('l', { ttlMs, autoRenew }));
  if (!got.ok) return sleep(Math.min(got.retryMs, 10 + Math.random() * 60));
  const { token } = got;
  await hold('lease', token, asked, got, async () => {
    if (Math.random() < 0.5) await touch(token);
  });
  // Those who do not look whether it still counts are what tokens are for.
  if (Math.random() < 0.3) sleep(Math.random() * ttlMs).then(() => touch(token), unexpected);
}

async function takePermit() {
  const { ttlMs, limit } = HOLDERS.permit;
  const asked = now();
  const wish = { permits: limit, ttlMs, autoRenew: Math.random() < 0.6 };
  const got = await (Math.random() < 0.5
    ? semaphores.wait('s', { ...wish, budgetMs: 400 + Math.random() * 1200 })
    : semaphores.acquire('s', wish));
  if (!got.ok) return sleep(Math.min(got.retryMs, 10 + Math.random() * 60));
  await hold('permit', got.id, asked, got, () => undefined);
}

/** Also longer than it lasts by itself. */
async function hold(what, id, asked, got, work) {
  const { ttlMs } = HOLDERS[what];
  const untilOf = () => {
    const at = now();
    const { validMs } = got;
    return { at, valid: validMs > 0, until: at + validMs };
  };
  const { valid: begun, until: end } = untilOf();
  if (!begun) return got.release().catch(expected);
  write('G', what, id, process.pid, now(), end, asked);
  let late = 0;
  const one = {
    use() {
      if (got.signal.aborted) return;
      const { at, valid, until } = untilOf();
      late = valid ? 0 : late + 1;
      if (valid) write('V', what, id, process.pid, at, until);
      else if (late > PATIENT_TURNS) write('D', what, id, process.pid, at);
    },
  };
  const lost = noteLoss(what, id, got.signal, one);
  holding.add(one);
  await work();
  const luck = Math.random();
  await Promise.race([lost, sleep(luck < 0.9 ? luck * 60 : luck * 1.6 * ttlMs)]);
  if (got.signal.aborted) return;
  holding.delete(one);
  write('R', what, id, process.pid, now());
  await got.release().catch(expected);
  // Others first: who asks again at once is faster than those who are woken.
  await sleep(Math.random() * 60);
}

/** A term tells no time, but that another may begin only `stepDownMs` after it has ended. */
async function lead() {
  const { ttlMs, stepDownMs } = HOLDERS.term;
  let asked = now();
  for await (const term of leaders.terms('boss', { ttlMs, stepDownMs })) {
    const { token } = term;
    let begun = false;
    const one = {
      use() {
        const at = now();
        try {
          term.assert();
        } catch {
          return;
        }
        if (begun) write('V', 'term', token, process.pid, at, at + stepDownMs);
        else write('G', 'term', token, process.pid, now(), at + stepDownMs, asked);
        begun = true;
      },
    };
    one.use();
    // Over before it began.
    if (!begun) continue;
    const lost = noteLoss('term', token, term.signal, one);
    holding.add(one);
    const luck = Math.random();
    await Promise.race([lost, sleep(luck < 0.7 ? luck * 100 : luck * 2 * ttlMs)]);
    // Time to put things in order: nobody else begins yet.
    if (term.signal.aborted) await sleep(Math.random() * stepDownMs);
    holding.delete(one);
    write('R', 'term', token, process.pid, now());
    asked = now();
  }
}

function noteLoss(what, id, signal, one) {
  return new Promise((resolve) => {
    const end = () => {
      // A term's signal fires when its leader resigns, too.
      if (holding.delete(one)) write('L', what, id, process.pid, now());
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}

/** What the lease protects: something in the script's process, and something in Redis. */
async function touch(token) {
  process.send({ token });
  await leases.fence.run(append, 'r', token, ['paxx:{r}:log'], [token]).catch(expected);
}

function expected(error) {
  if (!isPaxxRedisError(error)) unexpected(error);
}

function unexpected(error) {
  write('U', String(error?.stack ?? error).replaceAll(/\s+/g, ' '));
}
