/** Signals while the package manager runs: the tree is as before, the exit code says so, nothing is left running. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { INSTALLER_FILE } from '../../src/cli/plan/journal.ts';
import { contents, snapshot } from '../e2e/support/files.ts';
import { folder, smallApp } from './support/folders.ts';
import { program, start } from './support/process.ts';
import { KEYS, terminal } from './support/terminal.ts';

const LOCK = '{ "lockfileVersion": 3 }\n';
const ADD = ['infra', 'add', 'redis', '--yes'];

const started: string[] = [];

afterEach(() => {
  for (const pid of started.splice(0).flatMap(pidsOf)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});

/**
 * Writes over the lock file, starts two programs, one of which ignores signals, and waits for ever.
 * @returns its folder, which then also has the numbers of the processes
 */
function slowNpm(): string {
  const programs = folder();
  started.push(programs);
  program(programs, 'stubborn', `trap '' TERM INT HUP; echo $$ >> '${programs}/pids'; while :; do sleep 1; done`);
  program(
    programs,
    'npm',
    `echo changed > package-lock.json
'${programs}/stubborn' &
sleep 1000 &
echo $! >> '${programs}/pids'
echo $$ >> '${programs}/pids'
wait`,
  );
  return programs;
}

function pidsOf(programs: string): number[] {
  const file = path.join(programs, 'pids');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').map(Number) : [];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that ended and was not waited for yet is no trouble.
    return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
  } catch {
    return false;
  }
}

/** Looks again until it holds; the test's own time limit ends it otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(5);
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s to paxx alone', async (signal) => {
  const root = smallApp({ 'package-lock.json': LOCK });
  const before = contents(snapshot(root));
  const programs = slowNpm();
  const { child, ended } = start(root, ADD, { path: programs });
  await until(() => pidsOf(programs).length === 3);
  child.kill(signal);
  const { code, err } = await ended;
  expect([code, err]).toEqual([
    EXIT.INTERRUPTED.code,
    expect.stringMatching(/^paxx: interrupted.*as it was before\n$/),
  ]);
  expect(contents(snapshot(root))).toEqual(before);
  await until(() => !pidsOf(programs).some(isAlive));
});

test('Ctrl-C on a terminal while the package manager runs', async () => {
  const root = smallApp({ 'package-lock.json': LOCK });
  const before = contents(snapshot(root));
  const programs = slowNpm();
  const screen = await terminal(
    root,
    ['infra', 'add', 'redis'],
    [
      { await: 'Which pieces of @paxx/redis', type: KEYS.enter },
      { await: 'write these changes?', type: KEYS.enter },
      { await: 'Running npm install', type: KEYS.interrupt },
    ],
    { path: programs },
  );
  expect([screen.code, screen.steps], screen.text).toEqual([EXIT.INTERRUPTED.code, 3]);
  expect(contents(snapshot(root))).toEqual(before);
  await until(() => !pidsOf(programs).some(isAlive));
});

test('after kill -9 the next run ends the package manager and puts everything back', async () => {
  const root = smallApp({ 'package-lock.json': LOCK });
  const programs = slowNpm();
  const killed = start(root, ADD, { path: programs });
  await until(() => pidsOf(programs).length === 3 && existsSync(path.join(root, INSTALLER_FILE)));
  killed.child.kill('SIGKILL');
  expect((await killed.ended).signal).toBe('SIGKILL');
  const next = start(root, ['infra', 'add', 'redis', '--no-install', '--yes']);
  const { code, err } = await next.ended;
  expect([code, err]).toEqual([EXIT.OK.code, expect.stringContaining('all its changes were undone')]);
  expect(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).toBe(LOCK);
  await until(() => !pidsOf(programs).some(isAlive));
});

test('a package manager that is not there', async () => {
  const root = smallApp({ 'pnpm-lock.yaml': "lockfileVersion: '9.0'\n" });
  const before = contents(snapshot(root));
  const nowhere = folder();
  const { code, err } = await start(root, ADD, { env: { PATH: nowhere } }).ended;
  expect([code, err]).toEqual([EXIT.INSTALL_FAILED.code, expect.stringMatching(/^paxx: pnpm is not on this machine/)]);
  expect(contents(snapshot(root))).toEqual(before);
});
