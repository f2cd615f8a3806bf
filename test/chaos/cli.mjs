/**
 * Drives the built command line through failures, from the outside, and counts the projects that end up neither as
 * before nor as planned.
 *
 *   node test/chaos/cli.mjs [--runs 1000] [--faults none|some|each|all] [--pairs 20] [--cli dist/cli/main.js] [--keep]
 *
 * `--runs` kills `infra add` and `infra remove` with SIGKILL at random moments, with and without an install.
 * `--faults` makes operations on files fail (full disk, no rights, read-only disk, broken disk; once, and from there
 * on), stops the process there with SIGKILL, SIGINT and SIGTERM, and lets installs fail and be killed: `some` at
 * every twelfth operation, `each` at every one, the kinds in turn, `all` with every kind at every one.
 * `--pairs` lets two commands loose on one project at once.
 */
import { fork } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fingerprint } from './scenario.mjs';

const home = fileURLToPath(new URL('../../', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    faults: { type: 'string', default: 'each' },
    pairs: { type: 'string', default: '20' },
    cli: { type: 'string', default: join(home, 'dist/cli/main.js') },
    keep: { type: 'boolean', default: false },
  },
});

const main = resolve(flags.cli);
if (!existsSync(main)) throw new Error(`${main} is not there: npm run build`);
const { recover } = await import(pathToFileURL(join(dirname(main), 'index.js')).href);

/** Processes at a time. */
const LANES = 2;
const ERRORS = ['ENOSPC', 'EACCES', 'EROFS', 'EIO'];
const SIGNALS = ['SIGKILL', 'SIGINT', 'SIGTERM'];
/** FAILURE, CONFLICT, STALE_PLAN, NOT_WRITABLE, INSTALL_FAILED, BUSY, INTERRUPTED: nothing was kept. */
const UNDONE = new Set([1, 6, 9, 11, 12, 16, 130]);

const work = mkdtempSync(join(tmpdir(), 'paxx-chaos-'));
const bin = join(work, 'bin');
const tally = { runs: 0, killed: 0, before: 0, after: 0, repaired: 0, mixtures: 0 };
let serial = 0;
/** Milliseconds from the first write to the end; learnt on the way, so that kills fall into it. */
let longest = 60;

try {
  makePackageManager();
  const jobs = [];
  for (const name of ['add', 'remove']) {
    for (const install of [false, true]) jobs.push(await prepare(name, install));
  }
  if (flags.faults !== 'none') await inLanes(jobs.flatMap(faultsOf));
  await inLanes(Array.from({ length: Number(flags.runs) }, (_, i) => () => killAtRandom(jobs[i % jobs.length])));
  for (let i = 0; i < Number(flags.pairs); i++) await pair(jobs, i);
  const { runs, mixtures, ...rest } = tally;
  console.log(
    Object.entries(rest, undefined)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  );
  console.log(`${runs} runs, ${mixtures} mixtures`);
  process.exitCode = mixtures === 0 ? 0 : 1;
} finally {
  if (!flags.keep) rmSync(work, { recursive: true, force: true });
}

/** An `npm` that writes its lock file in place and in slices, as package managers do. `FAKE_NPM` says how it ends. */
function makePackageManager() {
  mkdirSync(bin);
  const script = `#!${process.execPath}
    const fs = require('fs');
    const end = process.env.FAKE_NPM;
    fs.writeFileSync(process.env.FAKE_NPM_PID, String(process.pid));
    const text = JSON.stringify({ lockfileVersion: 3, has: fs.readFileSync('package.json', 'utf8') }, null, 2);
    (async () => {
      for (let at = 0; at <= text.length; at += 400) {
        fs.writeFileSync('package-lock.json', text.slice(0, at + 400));
        await new Promise((done) => setTimeout(done, 2));
        if (end === 'fail' && at >= 400) process.exit(7);
        if (end === 'killed' && at >= 400) process.kill(process.pid, 'SIGKILL');
      }
      if (end === 'hang') setInterval(() => {}, 1000);
    })();
  `;
  writeFileSync(join(bin, 'npm'), script);
  chmodSync(join(bin, 'npm'), 0o755);
}

/** A real app with what makes writing hard: modes, CRLF, a linked file and a linked folder. */
function makeApp(root) {
  cpSync(join(home, 'fixtures/hosts/express-ts-zod'), root, { recursive: true });
  rmSync(join(root, 'golden'), { recursive: true, force: true });
  writeFileSync(join(root, '.env'), 'PORT=3000\r\nDATABASE_URL=postgres://u:secret@localhost/x');
  chmodSync(join(root, '.env'), 0o600);
  mkdirSync(join(root, 'ops'));
  renameSync(join(root, 'docker-compose.yml'), join(root, 'ops/compose.yml'));
  symlinkSync('ops/compose.yml', join(root, 'docker-compose.yml'));
  renameSync(join(root, 'src/config'), join(root, 'settings'));
  symlinkSync('../settings', join(root, 'src/config'));
}

/** One command with what it starts from and what it ends with when nobody disturbs it. */
async function prepare(name, install) {
  const origin = join(work, `${name}-${install ? 'install' : 'plain'}`);
  makeApp(origin);
  const job = { name, install, origin };
  if (name === 'remove') await expectDone({ ...job, name: 'add' }, origin);
  const root = copyOf(job);
  const before = fingerprint(root);
  const { operations } = await expectDone(job, root);
  const after = fingerprint(root);
  if (before === after || operations < 20) throw new Error(`${name} did nothing`);
  rmSync(root, { recursive: true });
  return { ...job, before, after, operations };
}

async function expectDone(job, root) {
  const done = await run(job, root);
  if (done.code !== 0) throw new Error(`${job.name} ended with ${done.code}: ${done.text}`);
  return done;
}

function copyOf({ origin }) {
  const root = join(work, `project-${serial++}`);
  cpSync(origin, root, { recursive: true, verbatimSymlinks: true });
  return root;
}

function faultsOf(job) {
  const kinds = [
    ...ERRORS.flatMap((code) => [{ code }, { code, lasting: true }]),
    ...SIGNALS.map((signal) => ({ signal })),
  ];
  const places = Array.from({ length: job.operations }, (_, at) => at);
  const turns = { some: places.filter((at) => at % 12 === 5), each: places, all: [] }[flags.faults];
  const list =
    flags.faults === 'all'
      ? places.flatMap((at) => kinds.map((kind) => ({ at, ...kind })))
      : turns.map((at) => ({ at, ...kinds[at % kinds.length] }));
  const tasks = list.map((fault) => async () => {
    const root = copyOf(job);
    await judge(job, root, await run(job, root, { fault }), fault);
  });
  if (!job.install) return tasks;
  for (const npm of ['fail', 'killed']) {
    tasks.push(async () => {
      const root = copyOf(job);
      const done = await run(job, root, { npm });
      if (done.code !== 12) throw new Error(`a failed install ended with ${done.code}: ${done.text}`);
      await judge(job, root, done, { npm });
    });
  }
  for (const signal of SIGNALS) {
    tasks.push(async () => {
      const root = copyOf(job);
      const done = await run(job, root, { npm: 'hang', whenInstalling: (child) => child.kill(signal) });
      await judge(job, root, done, { npm: 'hang', signal });
    });
  }
  return tasks;
}

async function killAtRandom(job) {
  const root = copyOf(job);
  const killAfter = Math.random() * longest;
  const done = await run(job, root, { killAfter });
  longest = done.signal ? Math.min(longest * 1.02, 400) : Math.max(30, longest * 0.9 + done.took * 0.1);
  await judge(job, root, done, { killAfter });
}

/** Two at once: the same command twice, or an add against a remove. */
async function pair(jobs, i) {
  const [add, , remove] = jobs;
  const [job, other] = [
    [add, add],
    [remove, remove],
    [remove, add],
  ][i % 3];
  const root = copyOf(job);
  const ends = await Promise.all([run(job, root), run(other, root)]);
  const bad = ends.find(({ code }) => code !== 0 && !UNDONE.has(code) && code !== 15);
  if (bad) throw new Error(`one of two ended with ${bad.code}: ${bad.text}`);
  await judge(job, root, { code: undefined }, { pair: `${job.name} and ${other.name}` });
}

/**
 * What the CLI says must be true at once; after a kill, once the next run has put things right. Then the next
 * command must work as ever.
 */
async function judge(job, root, done, fault) {
  tally.runs++;
  if (done.signal) tally.killed++;
  const state = () => {
    const now = fingerprint(root);
    return now === job.before ? 'before' : now === job.after ? 'after' : 'neither';
  };
  const complain = (what) => {
    tally.mixtures++;
    console.log(`${what}: ${job.name} in ${root}, ${JSON.stringify({ ...fault, install: job.install })}, ${done.code}`);
    console.log(difference(job, fingerprint(root)), done.text ?? '');
  };
  const pending = existsSync(join(root, '.paxx/journal.json')) || existsSync(join(root, '.paxx/rollback.json'));
  const said = done.code === 0 ? 'after' : UNDONE.has(done.code) && !pending ? 'before' : undefined;
  const repair = await recover(root);
  if (repair.action !== 'none' && repair.action !== 'cleaned') tally.repaired++;
  if (done.signal && /Running npm/.test(done.text)) await npmEnds(`${root}.pid`);
  const is = state();
  if (is === 'neither') return complain('a mixture');
  if (said !== undefined && said !== is) return complain(`told ${said}, is ${is}`);
  tally[is]++;
  if (tally.runs % 10 === 0) {
    const next = await run({ ...job, install: false }, root);
    const fine = job.name === 'remove' && is === 'after' ? next.code === 15 : next.code === 0;
    if (!fine) return complain(`the next run ended with ${next.code ?? next.signal}: ${next.text}`);
    if (!job.install && state() !== 'after') return complain('the next run did not carry it through');
  }
  if (!flags.keep) rmSync(root, { recursive: true, force: true });
}

function run({ name, install }, root, { fault = {}, npm = 'ok', killAfter, whenInstalling } = {}) {
  return new Promise((settle, reject) => {
    const counted = `${root}.count`;
    const argv = ['infra', name, 'redis', '--yes', ...(install ? [] : ['--no-install'])];
    const child = fork(main, argv, {
      cwd: root,
      silent: true,
      execArgv: ['--require', fileURLToPath(new URL('faults.cjs', import.meta.url))],
      env: {
        ...process.env,
        PATH: bin + delimiter + process.env.PATH,
        FAKE_NPM: npm,
        FAKE_NPM_PID: `${root}.pid`,
        PAXX_FAULT: JSON.stringify({ root, ...fault }),
        PAXX_FAULT_COUNT: counted,
      },
    });
    let began = performance.now();
    let text = '';
    let installing = false;
    const read = async (data) => {
      text += data;
      if (!whenInstalling || installing || !/Running npm/.test(text)) return;
      installing = true;
      await delay(150);
      whenInstalling(child);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('message', async () => {
      began = performance.now();
      if (killAfter === undefined) return;
      if (killAfter >= 1) await delay(killAfter);
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const operations = existsSync(counted) ? Number(readFileSync(counted, 'utf8')) : 0;
      rmSync(counted, { force: true });
      settle({ code: code ?? undefined, signal, text, operations, took: performance.now() - began });
    });
  });
}

/** A package manager that outlives the CLI may begin late, and would write into what has been put back. */
async function npmEnds(file) {
  await delay(200);
  const isAlive = () => {
    try {
      return existsSync(file) && process.kill(Number(readFileSync(file, 'utf8')), 0);
    } catch {
      return false;
    }
  };
  for (let i = 0; i < 100 && isAlive(); i++) await delay(20);
}

/** Names of what is neither old nor new, for the person who has to find out. */
function difference({ before, after }, now) {
  const old = new Set(before.split('\n'));
  const planned = new Set(after.split('\n'));
  const lines = now.split('\n');
  const strange = lines.map((line) => {
    const where = [old.has(line) ? 'before' : '', planned.has(line) ? 'after' : ''].filter(Boolean).join('+');
    return where === 'before+after' ? '' : `  ${line.split(' ').slice(0, 2).join(' ')}: ${where || 'neither'}`;
  });
  const missing = [...old].filter((line) => planned.has(line) && !lines.includes(line));
  return [...strange, ...missing.map((line) => `  ${line.split(' ')[0]}: missing`)].filter(Boolean).join('\n');
}

async function inLanes(tasks) {
  const queue = [...tasks];
  const lane = async () => {
    for (let task = queue.shift(); task; task = queue.shift()) await task();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
