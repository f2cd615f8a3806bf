/** `--image bundled`: the server comes along as files, and nothing has to be pulled or installed. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function copyOf(host: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'paxx-image-'));
  folders.push(folder);
  cpSync(path.join(root, 'fixtures/hosts', host), folder, { recursive: true });
  return folder;
}

function paxx(cwd: string, ...args: string[]): string {
  const done = spawnSync(process.execPath, [path.join(root, 'dist/cli/main.js'), ...args], { cwd, encoding: 'utf8' });
  expect(done.status, done.stderr).toBe(0);
  return done.stdout;
}

test('lays the image beside the compose file, runs as it stands, and comes out again', () => {
  const app = copyOf('express-ts-zod');
  const shown = paxx(app, 'infra', 'add', 'redis', '--image', 'bundled', '--ci', '--yes', '--no-install', '--diff');
  expect(shown).toMatch(/New file of \d+ KiB, not shown/);

  const { services } = parse(readFileSync(path.join(app, 'docker-compose.yml'), 'utf8')) as {
    services: Record<string, { build: string; healthcheck: { test: string[] } }>;
  };
  expect(services['redis']).toMatchObject({ build: './docker/redis', image: 'paxx-redis:7' });
  const dockerfile = readFileSync(path.join(app, 'docker/redis/Dockerfile'), 'utf8');
  const [, from, to] = /^COPY (\S+) (\S+)$/m.exec(dockerfile)!;
  expect(readdirSync(path.join(app, 'docker/redis'))).toEqual(['Dockerfile', from]);
  expect(services['redis']!.healthcheck.test).toContain(to);

  const program = path.join(app, path.basename(to!));
  copyFileSync(path.join(app, 'docker/redis', from!), program);
  const version = spawnSync(process.execPath, [program, '--version'], { encoding: 'utf8' });
  expect(version.stdout).toMatch(/v=7\.0\.15/);
  rmSync(program);

  // What a workflow's job pulls is an image that exists.
  expect(readFileSync(path.join(app, '.github/workflows/ci.yml'), 'utf8')).toContain('redis:7-alpine');
  expect(paxx(app, 'infra', 'add', 'redis', '--yes', '--no-install')).toContain('nothing to change');
  paxx(app, 'infra', 'remove', 'redis', '--yes', '--no-install');
  expect(readdirSync(app).toSorted()).toEqual(readdirSync(path.join(root, 'fixtures/hosts/express-ts-zod')).toSorted());
});
