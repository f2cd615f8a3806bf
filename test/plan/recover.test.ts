/** Recovery and locking: what the next run makes of what a dead one left, and of what the user did in between. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPlan, type ApplyOptions } from '../../src/cli/plan/apply.ts';
import { openTree } from '../../src/cli/plan/disk-tree.ts';
import { acquireLock } from '../../src/cli/plan/lock.ts';
import { buildPlan, type Plan } from '../../src/cli/plan/plan.ts';
import { identify, livenessOf, ownId } from '../../src/cli/plan/process-id.ts';
import { hasPending, recover } from '../../src/cli/plan/recover.ts';
import { project, put, snapshot, type Files } from './project.ts';

const BEFORE: Files = { 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n', 'gone.txt': 'gone\n', 'yarn.lock': 'lock\n' };

function planFor(root: string): Plan {
  const tree = openTree(root);
  for (const name of ['a', 'b', 'c']) tree.stageText(`${name}.txt`, `${name} new\n`);
  tree.stageNew('lib/new.txt', 'new\n');
  tree.stageDelete('gone.txt');
  return buildPlan(tree, { component: 'redis' });
}

/** The disk as a kill at this step would leave it. */
async function killedAt(name: string, options: ApplyOptions = {}): Promise<string> {
  const root = project(BEFORE);
  const dead = project();
  const step = (now: string): void => {
    if (now === name) cpSync(root, dead, { recursive: true, preserveTimestamps: true });
  };
  await applyPlan(root, planFor(root), { ...options, step });
  // The lock in the copy is held by this very process, which in truth would be dead.
  writeFileSync(join(dead, '.paxx/lock'), '1.0.nowhere-0'.replace('nowhere-0', ownId().split('.').slice(2).join('.')));
  return dead;
}

const NEW = { 'a.txt': 'a new\n', 'b.txt': 'b new\n', 'c.txt': 'c new\n', 'lib/new.txt': 'new\n' };

function textsOf(root: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(snapshot(root))
      .filter(([path]) => !path.endsWith('/'))
      .map(([path, content]) => [path, content.slice(content.indexOf(' ') + 1)]),
  );
}

describe('recovery', () => {
  it('has nothing to do in a project without traces, nor in one with a ledger', async () => {
    const root = project(BEFORE);
    expect(hasPending(root)).toBe(false);
    put(root, '.paxx/ledger.json', '{}');
    expect(hasPending(root)).toBe(false);
    expect(await recover(root)).toEqual({ action: 'none' });
  });

  it('discards what was only intended', async () => {
    const root = await killedAt('backup b.txt');
    expect(hasPending(root)).toBe(true);
    expect(await recover(root)).toMatchObject({ action: 'discarded', component: 'redis', left: [] });
    expect(textsOf(root)).toEqual(BEFORE);
    expect(hasPending(root)).toBe(false);
  });

  it('finishes what was committed', async () => {
    const root = await killedAt('write b.txt');
    expect(await recover(root)).toMatchObject({ action: 'finished', installPending: false, left: [] });
    expect(textsOf(root)).toEqual({ ...NEW, 'yarn.lock': 'lock\n' });
  });

  it('rolls an unfinished install back, lock file included', async () => {
    let root = '';
    const source = project(BEFORE);
    const install = async (): Promise<void> => {
      writeFileSync(join(source, 'yarn.lock'), 'torn');
      writeFileSync(join(source, 'package-lock.json'), '{');
      root = project();
      cpSync(source, root, { recursive: true });
      rmSync(join(root, '.paxx/lock'));
    };
    await applyPlan(source, planFor(source), { install });
    expect(await recover(root)).toMatchObject({ action: 'rolled-back', installPending: false, left: [] });
    expect(textsOf(root)).toEqual(BEFORE);
  });

  it('removes an empty state folder and litter that no journal names', async () => {
    const root = project(BEFORE);
    mkdirSync(join(root, '.paxx'));
    expect(await recover(root)).toMatchObject({ action: 'cleaned' });
    for (const name of ['intent.json.tmp', 'backup/0', 'own-3', 'lock-1.0.x', 'claim-1.0.x', 'installer.tmp']) {
      put(root, `.paxx/${name}`, '{"torn');
      expect(hasPending(root), name).toBe(true);
      expect(await recover(root), name).toMatchObject({ action: 'cleaned' });
      expect(textsOf(root), name).toEqual(BEFORE);
    }
    expect(existsSync(join(root, '.paxx'))).toBe(false);
  });

  it('refuses a journal that cannot be read, and touches nothing', async () => {
    const root = await killedAt('write b.txt');
    writeFileSync(join(root, '.paxx/journal.json'), '{"version":1');
    const before = textsOf(root);
    await expect(recover(root)).rejects.toMatchObject({
      code: 'BROKEN_FILE',
      details: { place: { path: '.paxx/journal.json' } },
    });
    const { '.paxx/lock': _, ...rest } = before;
    expect(textsOf(root)).toEqual(rest);
  });
});

describe('what the user did between crash and recovery', () => {
  it('is kept: an edit of a file that was not written yet turns it back', async () => {
    const root = await killedAt('write c.txt');
    put(root, 'c.txt', 'mine\n');
    expect(await recover(root)).toMatchObject({ action: 'rolled-back', left: [] });
    expect(textsOf(root)).toEqual({ ...BEFORE, 'c.txt': 'mine\n' });
  });

  it('is kept: an edit of a file that was written already lets it finish', async () => {
    const root = await killedAt('write c.txt');
    put(root, 'a.txt', 'a new\nmine\n');
    expect(await recover(root)).toMatchObject({ action: 'finished' });
    expect(textsOf(root)).toEqual({ ...NEW, 'a.txt': 'a new\nmine\n', 'yarn.lock': 'lock\n' });
  });

  it('is kept and named where it bars both ways', async () => {
    const root = await killedAt('write c.txt');
    put(root, 'a.txt', 'mine\n');
    put(root, 'c.txt', 'mine\n');
    expect(await recover(root)).toMatchObject({
      action: 'rolled-back',
      left: [{ path: 'a.txt', reason: expect.stringContaining('by hand') }],
    });
    expect(textsOf(root)).toEqual({ ...BEFORE, 'a.txt': 'mine\n', 'c.txt': 'mine\n' });
  });

  it('may be a checkout of the old files: the rest goes back as well', async () => {
    const root = await killedAt('write c.txt');
    put(root, 'a.txt', 'a\n');
    expect(await recover(root)).toMatchObject({ action: 'rolled-back', left: [] });
    expect(textsOf(root)).toEqual(BEFORE);
  });

  it('may be the loss of the backups: what cannot be put back is named', async () => {
    const root = await killedAt('write c.txt', { install: async () => {} });
    rmSync(join(root, '.paxx/backup'), { recursive: true });
    const result = await recover(root);
    expect(result).toMatchObject({
      action: 'rolled-back',
      left: [{ path: 'b.txt', reason: 'has no backup' }, { path: 'a.txt' }],
    });
    expect(hasPending(root)).toBe(false);
  });

  it('never loses an edit, whatever was edited after a crash at whatever step', async () => {
    const steps: string[] = [];
    const sample = project(BEFORE);
    await applyPlan(sample, planFor(sample), { step: (name) => void steps.push(name) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...steps.slice(1, steps.indexOf('close') + 1)),
        fc.uniqueArray(fc.constantFrom('a.txt', 'b.txt', 'c.txt', 'lib/new.txt', 'gone.txt'), { maxLength: 3 }),
        async (step, edited) => {
          const root = await killedAt(step);
          const mine = edited.filter((path) => existsSync(join(root, path)));
          for (const path of mine) put(root, path, 'mine\n');
          await recover(root);
          const now = textsOf(root);
          for (const path of mine) expect(now[path], `${path} after ${step}`).toBe('mine\n');
          const others = Object.entries(now).filter(
            ([path]) => !mine.some((own) => own === path) && path !== 'yarn.lock',
          );
          const old = others.every(([path, text]) => (BEFORE as Record<string, string>)[path] === text);
          const all = others.every(([path, text]) => (NEW as Record<string, string>)[path] === text);
          expect(old || all, `${step}: ${JSON.stringify(now)}`).toBe(true);
          expect(Object.keys(now).filter((path) => path.includes('paxx'))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the lock', () => {
  it('belongs to one at a time and leaves nothing', () => {
    const root = project();
    const first = acquireLock(root);
    expect(acquireLock(root)).toEqual({ holder: process.pid });
    expect(readdirSync(join(root, '.paxx'))).toEqual(['lock']);
    if ('lock' in first) first.lock.release();
    expect(existsSync(join(root, '.paxx'))).toBe(false);
  });

  it('of a dead process is taken over', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const [, , ...space] = ownId().split('.');
    const root = project({ '.paxx/lock': `${pid}.1.${space.join('.')}` });
    const taken = acquireLock(root);
    expect('lock' in taken).toBe(true);
    expect(readFileSync(join(root, '.paxx/lock'), 'utf8')).toBe(ownId());
    expect(readdirSync(join(root, '.paxx'))).toEqual(['lock']);
  });

  it('of a process whose number was given to another is taken over', () => {
    const [pid, start, ...space] = ownId().split('.');
    const root = project({ '.paxx/lock': `${pid}.${Number(start) - 1}.${space.join('.')}` });
    expect('lock' in acquireLock(root)).toBe(true);
  });

  it('without content, from a file system without links, is taken over', () => {
    expect('lock' in acquireLock(project({ '.paxx/lock': '' }))).toBe(true);
  });

  it('from another machine holds for an hour', () => {
    const root = project({ '.paxx/lock': '77.5.another-machine' });
    const made = new Date('2026-01-01T00:00:00Z');
    utimesSync(join(root, '.paxx/lock'), made, made);
    const at = (minutes: number) => (): number => made.getTime() + minutes * 60_000;
    expect(acquireLock(root, ownId(), at(59))).toEqual({ holder: 77 });
    expect('lock' in acquireLock(root, ownId(), at(61))).toBe(true);
  });

  it('is left to another process that is taking it over', () => {
    const [, , ...space] = ownId().split('.');
    const dead = `1.1.${space.join('.')}`;
    const root = project({ '.paxx/lock': dead, [`.paxx/claim-${dead}`]: identify(process.ppid)! });
    expect(acquireLock(root)).toEqual({ holder: 1 });
    writeFileSync(join(root, `.paxx/claim-${dead}`), dead);
    expect('lock' in acquireLock(root)).toBe(true);
  });

  it('tells the living from the dead', () => {
    expect(livenessOf(ownId())).toBe('alive');
    expect(livenessOf('')).toBe('dead');
    expect(livenessOf('rubbish')).toBe('dead');
    expect(livenessOf('1.1.elsewhere')).toBe('unknown');
    expect(identify(2 ** 30)).toBeUndefined();
  });
});
