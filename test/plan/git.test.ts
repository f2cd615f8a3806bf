/** What git is asked, and the one commit: these paths and no others. */
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitPaths, dirtyPaths, ignoredPaths } from '../../src/cli/plan/git.ts';
import { project, put, type Files } from './project.ts';

function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
}

function repository(files: Files): string {
  const root = project(files);
  git(root, 'init', '--quiet');
  git(root, 'config', 'user.name', 'Test');
  git(root, 'config', 'user.email', 'test@example.com');
  git(root, 'config', 'commit.gpgsign', 'false');
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--allow-empty', '--message', 'begin');
  return root;
}

describe('dirtyPaths', () => {
  it('names changed, staged, untracked and deleted files of those asked for', async () => {
    const root = repository({ 'clean.txt': '', 'changed.txt': '', 'staged.txt': '', 'gone.txt': '', 'other.txt': '' });
    put(root, 'changed.txt', 'x');
    put(root, 'staged.txt', 'x');
    git(root, 'add', 'staged.txt');
    rmSync(join(root, 'gone.txt'));
    put(root, 'other.txt', 'x');
    put(root, 'sub/new [1].txt', 'x');
    const asked = ['clean.txt', 'changed.txt', 'staged.txt', 'gone.txt', 'sub/new [1].txt', 'missing.txt'];
    expect((await dirtyPaths(root, asked)).toSorted()).toEqual([
      'changed.txt',
      'gone.txt',
      'staged.txt',
      'sub/new [1].txt',
    ]);
    expect(await dirtyPaths(root, [])).toEqual([]);
  });

  it('names both ends of a rename', async () => {
    const root = repository({ 'old.txt': 'a long enough content\n' });
    git(root, 'mv', 'old.txt', 'new.txt');
    expect((await dirtyPaths(root, ['old.txt', 'new.txt'])).toSorted()).toEqual(['new.txt', 'old.txt']);
  });

  it('works from a folder of the repository, and without one', async () => {
    const root = repository({ 'apps/api/a.txt': '', 'a.txt': '' });
    put(root, 'apps/api/a.txt', 'x');
    expect(await dirtyPaths(join(root, 'apps/api'), ['a.txt'])).toEqual(['a.txt']);
    expect(await dirtyPaths(project({ 'a.txt': '' }), ['a.txt'])).toEqual([]);
  });
});

describe('ignoredPaths', () => {
  it('names those that git leaves out, there or not', async () => {
    const root = repository({ '.gitignore': 'vendor/\n*.tgz\n', 'apps/api/a.txt': '' });
    const asked = ['vendor/a b.tar.gz', 'a.txt', 'sub/new [1].tgz'];
    expect(await ignoredPaths(root, asked)).toEqual(['vendor/a b.tar.gz', 'sub/new [1].tgz']);
    expect(await ignoredPaths(join(root, 'apps/api'), asked)).toEqual(['vendor/a b.tar.gz', 'sub/new [1].tgz']);
    expect(await ignoredPaths(root, ['a.txt'])).toEqual([]);
    expect(await ignoredPaths(project({ '.gitignore': '*\n' }), ['a.txt'])).toEqual([]);
  });
});

describe('commitPaths', () => {
  it('commits edits, new files and deletions, and leaves the index as it was otherwise', async () => {
    const root = repository({ 'a.txt': 'a', 'gone.txt': 'g', 'staged.txt': 's', '.gitignore': '.env\n' });
    put(root, 'staged.txt', 'user');
    git(root, 'add', 'staged.txt');
    put(root, 'a.txt', 'b');
    put(root, 'lib/new.txt', 'n');
    put(root, '.env', 'SECRET=1');
    rmSync(join(root, 'gone.txt'));
    const paths = ['.env', 'a.txt', 'gone.txt', 'lib/new.txt', 'never.txt'];
    expect(await commitPaths(root, paths, 'Add redis')).toEqual(['a.txt', 'gone.txt', 'lib/new.txt']);
    expect(git(root, 'show', '--name-status', '--format=%s', 'HEAD').trim().split(/\s+/)).toEqual(
      'Add redis M a.txt D gone.txt A lib/new.txt'.split(' '),
    );
    expect(git(root, 'status', '--porcelain')).toBe('M  staged.txt\n');
    expect(await commitPaths(root, paths, 'again')).toEqual([]);
  });

  it('lets hooks run, and takes back what it staged when one refuses', async () => {
    const root = repository({ 'a.txt': 'a' });
    put(root, '.git/hooks/pre-commit', '#!/bin/sh\necho "no commits on Saturday" >&2\nexit 1\n');
    chmodSync(join(root, '.git/hooks/pre-commit'), 0o755);
    put(root, 'a.txt', 'b');
    put(root, 'new.txt', 'n');
    await expect(commitPaths(root, ['a.txt', 'new.txt'], 'Add redis')).rejects.toMatchObject({
      code: 'FAILURE',
      message: expect.stringContaining('no commits on Saturday'),
    });
    expect(git(root, 'status', '--porcelain')).toBe(' M a.txt\n?? new.txt\n');
  });

  it('commits the first files of a repository', async () => {
    const root = project({ 'a.txt': 'a' });
    git(root, 'init', '--quiet');
    git(root, 'config', 'user.name', 'Test');
    git(root, 'config', 'user.email', 'test@example.com');
    expect(await commitPaths(root, ['a.txt'], 'Add redis')).toEqual(['a.txt']);
  });
});
