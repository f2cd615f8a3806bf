/**
 * Kills the planner with SIGKILL, at every step and at random moments, lets the next run recover (and kills that
 * too), and counts the projects that end up neither as before nor as planned.
 *
 *   node test/chaos/crash.mjs [--runs 1000] [--steps some|all] [--pairs 0] [--keep]
 *
 * `--steps` kills apply once at each of its steps, and recovery at each of its own after kills of apply in some or
 * all of its phases. `--pairs` lets two runs, or two recoveries of one dead run, loose on one project at once.
 */
import { execFileSync, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { fingerprint, install, makePlan, makeProject } from './scenario.mjs';

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    steps: { type: 'string', default: 'none' },
    pairs: { type: 'string', default: '0' },
    keep: { type: 'boolean', default: false },
  },
});

/** Milliseconds that an undisturbed apply takes; learnt on the way, so that kills fall into it. */
let longest = 20;

/** Children at a time. */
const LANES = 2;

/** Where apply was killed before recovery is. */
const PHASES = ['write package.json', 'temp compose.yaml', 'commit', 'sync', 'close'];

const work = mkdtempSync(join(tmpdir(), 'paxx-crash-'));
const tally = { runs: 0, killed: 0, before: 0, after: 0, recoveriesKilled: 0, mixtures: 0 };

try {
  const bundle = await bundlePlanner();
  const planner = await import(pathToFileURL(bundle).href);
  const ends = { yes: await endsOf(planner, 'yes'), no: await endsOf(planner, 'no') };
  const harness = { bundle, planner, ends };
  if (flags.steps !== 'none') await killAtEveryStep(harness);
  const random = Array.from(
    { length: Number(flags.runs) },
    (_, i) => () => killAtRandom(harness, i % 3 === 0 ? 'no' : 'yes'),
  );
  await inLanes(random);
  for (let i = 0; i < Number(flags.pairs); i++) await runPair(harness, i % 2 === 0 ? 'apply' : 'recover');
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

async function bundlePlanner() {
  const source = fileURLToPath(new URL('../../src/cli/plan/', import.meta.url));
  const bundle = await rolldown({
    input: 'planner',
    platform: 'node',
    external: ['diff', 'picocolors'],
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'planner' ? '\0planner' : undefined),
        load: (id) =>
          id === '\0planner'
            ? ['disk-tree', 'plan', 'apply', 'recover'].map((name) => `export * from '${source}${name}.ts';`).join('\n')
            : undefined,
      },
    ],
  });
  const file = join(work, 'planner.mjs');
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  return file;
}

/** What an undisturbed run starts from and ends with. */
async function endsOf(planner, withInstall) {
  const root = newProject();
  const before = fingerprint(root);
  await planner.applyPlan(root, makePlan(planner, root), withInstall === 'yes' ? { install: () => install(root) } : {});
  const after = fingerprint(root);
  rmSync(root, { recursive: true });
  return { before, after };
}

function newProject() {
  const root = mkdtempSync(join(work, 'project-'));
  makeProject(root);
  return root;
}

async function inLanes(jobs) {
  const queue = [...jobs];
  const lane = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/**
 * Apply is killed at each step. Recovery is killed at each of its steps too, after kills of apply early, at the
 * commit, in the middle and late.
 */
async function killAtEveryStep(harness) {
  const kills = [];
  for (const withInstall of ['no', 'yes']) {
    const steps = await countSteps(harness, withInstall);
    for (let at = 0; at < steps.length; at++) {
      kills.push(async () => {
        const root = newProject();
        const { killed } = await run(harness, root, 'apply', { withInstall, killAt: at });
        if (!killed) throw new Error(`apply was not killed at step ${at}`);
        await judge(harness, root, withInstall, killed);
      });
    }
    for (const name of flags.steps === 'all' ? PHASES : PHASES.slice(0, 1)) {
      const origin = newProject();
      await run(harness, origin, 'apply', { withInstall, killAt: steps.indexOf(name) });
      const count = await countRecoverySteps(harness, copyOf(origin));
      for (let at = 0; at < count; at++) {
        kills.push(async () => {
          const root = copyOf(origin);
          const { killed } = await run(harness, root, 'recover', { killAt: at });
          if (!killed) throw new Error(`recovery was not killed at step ${at}`);
          tally.recoveriesKilled++;
          await judge(harness, root, withInstall, true);
        });
      }
    }
  }
  await inLanes(kills);
}

async function countSteps({ planner }, withInstall) {
  const root = newProject();
  const steps = [];
  const step = (name) => void steps.push(name);
  await planner.applyPlan(root, makePlan(planner, root), {
    step,
    ...(withInstall === 'yes' ? { install: () => install(root) } : {}),
  });
  return steps;
}

async function countRecoverySteps({ planner }, root) {
  let count = 0;
  await planner.recover(root, { step: () => void count++ });
  return count;
}

/** With its hard links, which backups are. */
function copyOf(root) {
  const copy = mkdtempSync(join(work, 'project-'));
  execFileSync('cp', ['-a', `${root}/.`, copy]);
  return copy;
}

async function killAtRandom(harness, withInstall) {
  const root = newProject();
  const { killed, took } = await run(harness, root, 'apply', { withInstall, killAfter: Math.random() * longest });
  if (!killed) longest = Math.max(10, longest * 0.9 + took * 0.1);
  else longest = Math.min(longest * 1.02, 120);
  for (let again = 0; again < 3 && Math.random() < 0.3; again++) {
    const second = await run(harness, root, 'recover', { killAfter: Math.random() * 6 });
    if (second.killed) tally.recoveriesKilled++;
  }
  await judge(harness, root, withInstall, killed);
}

/** Two processes at once: one of them is told to wait, or that the tree has changed; none may spoil the other's work. */
async function runPair(harness, job) {
  const root = newProject();
  if (job === 'recover') await run(harness, root, 'apply', { withInstall: 'no', killAfter: Math.random() * longest });
  const waiting = [];
  let release;
  const bothReady = new Promise((resolve) => (release = resolve));
  const whenReady = (child) => {
    if (waiting.push(child) === 2) release();
    return bothReady;
  };
  await Promise.all([1, 2].map(() => run(harness, root, job, { withInstall: 'no', whenReady })));
  if (job === 'apply' && fingerprint(root) !== harness.ends.no.after) {
    tally.mixtures++;
    console.log(`two runs at once spoilt ${root}`);
  }
  await judge(harness, root, 'no', false);
}

/** @returns whether the process was killed, and how many milliseconds it worked once it was ready */
function run({ bundle }, root, job, { withInstall = 'no', killAt, killAfter, whenReady }) {
  return new Promise((resolve, reject) => {
    const argv = [bundle, root, job, withInstall, ...(killAt === undefined ? [] : [String(killAt)])];
    const child = fork(fileURLToPath(new URL('child.mjs', import.meta.url)), argv, {
      silent: true,
      env: { ...process.env, PAXX_WAIT_FOR_GO: whenReady ? 'yes' : '' },
    });
    let began = performance.now();
    let errors = '';
    child.stderr.on('data', (data) => (errors += data));
    child.on('message', async (message) => {
      if (message !== 'ready') return;
      if (whenReady) {
        await whenReady(child);
        child.send('go');
      }
      if (killAfter === undefined) return;
      began = performance.now();
      if (killAfter >= 1) await delay(killAfter);
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code !== 0 && signal !== 'SIGKILL' && !(whenReady && /BUSY|STALE_PLAN/.test(errors)))
        reject(new Error(`the ${job} ended with ${code ?? signal}: ${errors}`));
      else resolve({ killed: signal === 'SIGKILL', took: performance.now() - began });
    });
  });
}

async function judge({ planner, ends }, root, withInstall, killed) {
  tally.runs++;
  if (killed) tally.killed++;
  const recovery = await planner.recover(root);
  const now = fingerprint(root);
  const { before, after } = ends[withInstall];
  if (now === before) tally.before++;
  else if (now === after) tally.after++;
  else {
    tally.mixtures++;
    console.log(`mixture in ${root} (install: ${withInstall}), recovery said ${JSON.stringify(recovery)}`);
    console.log(difference(before, after, now));
  }
  if (planner.hasPending(root)) throw new Error(`something is still pending in ${root}`);
  if (!flags.keep) rmSync(root, { recursive: true, force: true });
}

/** Names of what is neither old nor new, for the person who has to find out. */
function difference(before, after, now) {
  const known = new Set([...before.split('\n'), ...after.split('\n')]);
  const strange = now.split('\n').filter((line) => !known.has(line));
  const state = now.split('\n').map((line) => {
    const name = line.split(' ')[0];
    const where = [before.includes(line) ? 'before' : '', after.includes(line) ? 'after' : '']
      .filter(Boolean)
      .join('+');
    return `  ${name}: ${where || 'neither'}`;
  });
  return [...state, ...strange.map((line) => `  strange: ${line.slice(0, 100)}`)].join('\n');
}
