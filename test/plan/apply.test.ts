/** Applying a plan: what is written, what is refused, and that every failure leaves the project as before. */
import { chmodSync, linkSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyPlan, type ApplyOptions } from '../../src/cli/plan/apply.ts';
import { openTree } from '../../src/cli/plan/disk-tree.ts';
import { buildPlan, type Plan } from '../../src/cli/plan/plan.ts';
import { hasPending, recover } from '../../src/cli/plan/recover.ts';
import { project, put, snapshot, type Files } from './project.ts';

const BEFORE: Files = {
  'package.json': '{\n  "name": "shop"\n}\n',
  'package-lock.json': '{"lockfileVersion": 3}\n',
  'compose.yaml': { text: 'services:\n  app: {}\n', mode: 0o640 },
  '.env': { text: 'SECRET=1', mode: 0o600 },
  'src/settings.ts': '\uFEFFexport {};\r\n',
  'src/old/legacy.ts': 'gone\n',
  'tools/run.sh': { text: '#!/bin/sh\n', mode: 0o755 },
};

function planFor(root: string): Plan {
  const tree = openTree(root);
  tree.stageText('package.json', '{\n  "name": "shop",\n  "dependencies": {}\n}\n');
  tree.stageText('compose.yaml', 'services:\n  app: {}\n  redis: {}\n');
  tree.stageText('.env', 'SECRET=1\nREDIS_URL=x\n');
  tree.stageText('src/settings.ts', 'export const a = 1;\r\n');
  tree.stageText('tools/run.sh', '#!/bin/sh\necho\n');
  tree.stageNew('src/lib/cache/redis.ts', 'export const redis = 1;\n');
  tree.stageNew('bin/hook', 'x\n', { mode: 0o755 });
  tree.stageDelete('src/old/legacy.ts');
  tree.stageFolderRemoval('src/old');
  return buildPlan(tree, { component: 'redis' });
}

let root: string;
let before: Record<string, string>;
let plan: Plan;
let after: Record<string, string>;

beforeEach(async () => {
  const other = project(BEFORE);
  await applyPlan(other, planFor(other));
  after = snapshot(other);
  root = project(BEFORE);
  before = snapshot(root);
  plan = planFor(root);
});

describe('apply', () => {
  it('writes every file with its mode, byte order mark and line ends, and leaves nothing else', () => {
    const mask = process.umask();
    const plain = (0o666 & ~mask).toString(8);
    const folder = (0o777 & ~mask).toString(8);
    const { 'src/old/': _, 'src/old/legacy.ts': __, ...kept } = before;
    expect(after).toEqual({
      ...kept,
      'package.json': `${plain} {\n  "name": "shop",\n  "dependencies": {}\n}\n`,
      'compose.yaml': '640 services:\n  app: {}\n  redis: {}\n',
      '.env': '600 SECRET=1\nREDIS_URL=x\n',
      'src/settings.ts': `${plain} \u00ef\u00bb\u00bfexport const a = 1;\r\n`,
      'tools/run.sh': '755 #!/bin/sh\necho\n',
      'bin/': folder,
      'bin/hook': '755 x\n',
      'src/lib/': folder,
      'src/lib/cache/': folder,
      'src/lib/cache/redis.ts': `${plain} export const redis = 1;\n`,
    });
  });

  it('does nothing, not even lock, when nothing is to be changed', async () => {
    const steps: string[] = [];
    const empty = buildPlan(openTree(root), { component: 'redis' });
    expect(await applyPlan(root, empty, { step: (name) => void steps.push(name) })).toEqual({
      files: [],
      installed: false,
    });
    expect(steps).toEqual([]);
  });

  it('keeps what others keep in the state folder', async () => {
    put(root, '.paxx/notes.txt', 'mine\n');
    await applyPlan(root, plan);
    expect(snapshot(root)).toMatchObject({ '.paxx/notes.txt': expect.stringContaining('mine') });
    expect(hasPending(root)).toBe(false);
  });

  it('gives the same inode back when it undoes', async () => {
    const inode = lstatSync(join(root, 'compose.yaml')).ino;
    await expect(applyPlan(root, plan, { install: fail })).rejects.toThrow('install');
    expect(lstatSync(join(root, 'compose.yaml')).ino).toBe(inode);
  });
});

async function fail(): Promise<void> {
  throw new Error('no network');
}

/** Changes what package managers change. */
async function installLike(at: string): Promise<void> {
  writeFileSync(join(at, 'package-lock.json'), '{"lockfileVersion": 3, "packages": {}}\n');
  writeFileSync(join(at, 'yarn.lock'), '# new\n');
  writeFileSync(join(at, 'package.json'), '{"name":"shop","packageManager":"npm@11"}\n');
}

async function stepsOf(options: (at: string) => ApplyOptions): Promise<string[]> {
  const at = project(BEFORE);
  const steps: string[] = [];
  await applyPlan(at, planFor(at), { ...options(at), step: (name) => void steps.push(name) });
  return steps;
}

function withInstall(at: string): ApplyOptions {
  return { install: () => installLike(at) };
}

function without(): ApplyOptions {
  return {};
}

describe('a failure at any step', () => {
  it.each([
    ['without install', without],
    ['with install', withInstall],
  ])('leaves everything as before, %s', async (_, options) => {
    const steps = await stepsOf(options);
    expect(steps.length).toBeGreaterThan(30);
    for (const [i, name] of steps.entries()) {
      const at = project(BEFORE);
      let count = 0;
      const step = (): void => {
        if (count++ === i) throw new Error(`boom at ${name}`);
      };
      const outcome = applyPlan(at, planFor(at), { ...options(at), step });
      if (name.startsWith('sweep')) {
        await outcome;
        await recover(at);
        expect(Object.keys(snapshot(at)), name).toEqual(expect.arrayContaining(Object.keys(after)));
      } else {
        await expect(outcome, name).rejects.toThrow(`boom at ${name}`);
        expect(snapshot(at), name).toEqual(before);
      }
      expect(hasPending(at), name).toBe(false);
    }
  });

  it('is finished by the next run when undoing fails too, at whatever step', async () => {
    const undoing: string[] = [];
    let failed = false;
    const recording = (name: string): void => {
      if (failed) undoing.push(name);
      if (name === 'installed') {
        failed = true;
        throw new Error('first');
      }
    };
    await expect(applyPlan(root, plan, { ...withInstall(root), step: recording })).rejects.toThrow('first');
    expect(undoing.length).toBeGreaterThan(15);
    for (const name of undoing) {
      const at = project(BEFORE);
      let armed = false;
      const step = (now: string): void => {
        if (armed && now === name) throw new Error('second');
        if (now !== 'installed') return;
        armed = true;
        throw new Error('first');
      };
      await expect(applyPlan(at, planFor(at), { ...withInstall(at), step }), name).rejects.toThrow();
      await recover(at);
      // Before the marks are set, nobody but the dead process knew that it was the package manager who rewrote the
      // manifest. It could be the user, so the way back is closed: all is finished but for the install.
      const manifest = '644 {"name":"shop","packageManager":"npm@11"}\n';
      expect(snapshot(at), name).toEqual(
        name === 'mark package.json' ? { ...after, 'package.json': manifest } : before,
      );
      expect(hasPending(at)).toBe(false);
    }
  });

  it('reports a full disk as such', async () => {
    await expect(applyPlan(root, plan, { step: fillDisk })).rejects.toMatchObject({ code: 'NOT_WRITABLE' });
    expect(snapshot(root)).toEqual(before);
  });
});

function fillDisk(name: string): void {
  if (name === 'temp compose.yaml') {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  }
}

describe('install', () => {
  it('rolls files and lock files back when it fails', async () => {
    const install = async (): Promise<void> => {
      await installLike(root);
      throw new Error('404 Not Found');
    };
    await expect(applyPlan(root, plan, { install })).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
    expect(snapshot(root)).toEqual(before);
  });

  it('keeps what it wrote when it succeeds', async () => {
    const result = await applyPlan(root, plan, { install: () => installLike(root) });
    expect(result.installed).toBe(true);
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).toContain('packages');
    expect(hasPending(root)).toBe(false);
  });

  it('is undone by an abort, even when it ends well', async () => {
    const controller = new AbortController();
    const install = async (): Promise<void> => {
      controller.abort();
      await installLike(root);
    };
    await expect(applyPlan(root, plan, { install, signal: controller.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    expect(snapshot(root)).toEqual(before);
  });

  it('is told to end by a recovery that finds it alive without its run', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    const seen: unknown[] = [];
    const install = async ({ started }: { started: (pid: number) => void }): Promise<void> => {
      started(child.pid!);
      rmSync(join(root, '.paxx/lock'));
      seen.push(await recover(root, { patience: 0 }));
      seen.push(await recover(root));
      throw new Error('dead');
    };
    await expect(applyPlan(root, plan, { install })).rejects.toThrow('dead');
    expect(seen).toMatchObject([
      { action: 'busy', holder: child.pid },
      { action: 'rolled-back', left: [] },
    ]);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(snapshot(root)).toEqual(before);
  });
});

describe('abort', () => {
  it.each(['temp compose.yaml', 'backup .env', 'intent'])('at "%s" puts everything back', async (at) => {
    const controller = new AbortController();
    const step = (name: string): void => {
      if (name === at) controller.abort();
    };
    await expect(applyPlan(root, plan, { step, signal: controller.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    expect(snapshot(root)).toEqual(before);
  });

  it('between the renames finishes them', async () => {
    const controller = new AbortController();
    const step = (name: string): void => {
      if (name === 'write compose.yaml') controller.abort();
    };
    await applyPlan(root, plan, { step, signal: controller.signal });
    expect(snapshot(root)).toEqual(after);
  });
});

describe('refusals', () => {
  it('of a plan with conflicts', async () => {
    const tree = openTree(root);
    tree.stageNew('compose.yaml', 'x\n');
    await expect(applyPlan(root, buildPlan(tree, { component: 'redis' }))).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(snapshot(root)).toEqual(before);
  });

  it.each<[string, () => void, string]>([
    ['a changed file', () => put(root, 'compose.yaml', 'services: {}\n'), 'STALE_PLAN'],
    ['a vanished file', () => rmSync(join(root, 'compose.yaml')), 'STALE_PLAN'],
    ['a new file that came to be', () => put(root, 'src/lib/cache/redis.ts', 'mine'), 'STALE_PLAN'],
    ['a file made read-only', () => chmodSync(join(root, 'compose.yaml'), 0o444), 'NOT_WRITABLE'],
    ['a folder made read-only', () => chmodSync(join(root, 'tools'), 0o555), 'NOT_WRITABLE'],
    ['a file as parent', () => put(root, 'src/lib', 'mine'), 'NOT_WRITABLE'],
    ['a state folder that is none', () => put(root, '.paxx', 'mine'), 'NOT_WRITABLE'],
    [
      'a folder swapped for a link out',
      () => {
        const outside = project({ 'cache/x': '' });
        symlinkSync(outside, join(root, 'src/lib'));
      },
      'NOT_WRITABLE',
    ],
  ])('of %s', async (_, spoil, code) => {
    spoil();
    const spoiled = snapshot(root);
    await expect(applyPlan(root, plan)).rejects.toMatchObject({ code });
    expect(snapshot(root)).toEqual(spoiled);
  });

  it('when a file that was found right has changed', async () => {
    const tree = openTree(root);
    tree.stageOutcome('compose.yaml', { status: 'unchanged', notes: ['service redis'] });
    tree.stageNew('a.txt', 'a');
    const relying = buildPlan(tree, { component: 'redis' });
    put(root, 'compose.yaml', 'services: {}\n');
    await expect(applyPlan(root, relying)).rejects.toMatchObject({ code: 'STALE_PLAN' });
  });

  it('when a target changes between two renames, with its new bytes kept', async () => {
    const step = (name: string): void => {
      if (name === 'write tools/run.sh') writeFileSync(join(root, 'tools/run.sh'), 'mine\n');
    };
    await expect(applyPlan(root, plan, { step })).rejects.toMatchObject({ code: 'STALE_PLAN' });
    expect(snapshot(root)).toEqual({ ...before, 'tools/run.sh': '755 mine\n' });
  });

  it('while another process holds the lock', async () => {
    let inner: unknown;
    const step = async (name: string): Promise<void> => {
      if (name !== 'commit') return;
      inner = await applyPlan(root, plan).catch((error: unknown) => error);
      expect(await recover(root)).toMatchObject({ action: 'busy' });
    };
    await applyPlan(root, plan, { step });
    expect(inner).toMatchObject({ code: 'BUSY' });
    expect(snapshot(root)).toEqual(after);
  });

  it('warns of hard links, and cuts them', async () => {
    linkSync(join(root, 'compose.yaml'), join(root, 'linked.yaml'));
    const warned = planFor(root);
    expect(warned.warnings).toMatchObject([{ path: 'compose.yaml', message: expect.stringContaining('hard links') }]);
    await applyPlan(root, warned);
    expect(readFileSync(join(root, 'linked.yaml'), 'utf8')).toBe('services:\n  app: {}\n');
  });
});

function refuse(from: string, to: string): void {
  if (to.endsWith('compose.yaml')) throw Object.assign(new Error('EBUSY: busy'), { code: 'EBUSY', syscall: 'rename' });
  renameSync(from, to);
}

describe('a file that cannot be renamed over', () => {
  it('is written in place', async () => {
    const inode = lstatSync(join(root, 'compose.yaml')).ino;
    await applyPlan(root, plan, { rename: refuse });
    expect(snapshot(root)).toEqual(after);
    expect(lstatSync(join(root, 'compose.yaml')).ino).toBe(inode);
  });

  it('is put back in place', async () => {
    await expect(applyPlan(root, plan, { rename: refuse, install: fail })).rejects.toThrow('install');
    expect(snapshot(root)).toEqual(before);
  });

  it('is repaired when torn', async () => {
    const controller = { torn: false };
    const step = (name: string): void => {
      if (name === 'write package.json') {
        writeFileSync(join(root, 'compose.yaml'), 'serv');
        controller.torn = true;
      }
      if (controller.torn) throw new Error('killed');
    };
    await expect(applyPlan(root, plan, { rename: refuse, step })).rejects.toThrow('undo');
    expect(controller.torn).toBe(true);
    expect(await recover(root, { rename: refuse })).toMatchObject({ action: 'finished', left: [] });
    expect(snapshot(root)).toEqual(after);
  });
});
