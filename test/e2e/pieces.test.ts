/**
 * `infra add redis --with …` as a user does it: with the built command line, its own copy of @paxx/redis and a real
 * install, type-checked, and run against the bundled server. `PAXX_FULL=1` takes more kinds of apps and every host.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { components } from '../../src/cli/components/index.ts';
import { startServer, type StartedServer } from '../../src/server/index.ts';
import { installPackages } from '../support/packages.ts';
import { contents, snapshot, writeFiles, type Snapshot } from './support/files.ts';
import { RUNS } from './support/host-runs.ts';
import { installHost } from './support/installed-host.ts';
import { importOrders, ORDERS_FILES, useOrders } from './support/nest-orders.ts';
import { followNextSteps } from './support/next-steps.ts';
import { startApp } from './support/running-app.ts';

const FULL = process.env['PAXX_FULL'] === '1';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = process.env['PAXX_CLI'] ?? path.join(ROOT, 'dist/cli/main.js');
/** Their client, or their compiler, is older than what @paxx/redis asks for. */
const TOO_OLD = new Set(['express-ts36-plain', 'express-ts-node-redis', 'koa-ts-convict']);

const EVERY_PIECE = components.flatMap(({ pieces }) => pieces.map(({ name }) => name)).join(',');

/** Milliseconds for an app that has to be installed first. */
const LIMIT = 300_000;

const folders: string[] = [];
const servers: StartedServer[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) await server.stop();
});

/** Gone after the test. */
function newFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'paxx-pieces-')));
  folders.push(folder);
  return folder;
}

interface Kind {
  readonly name: string;
  readonly client: string;
  readonly module: 'esm' | 'commonjs';
  /** Compiler options; JavaScript without. */
  readonly tsconfig?: object;
  /** Another version than the repository's own. */
  readonly typescript?: string;
}

const STRICT = { target: 'es2022', strict: true, outDir: 'dist', rootDir: 'src', types: ['node'] };

const KINDS: readonly (Kind & { readonly always?: true })[] = [
  {
    name: 'TypeScript, ESM, ioredis 5',
    client: 'ioredis@5.11.1',
    module: 'esm',
    tsconfig: { ...STRICT, module: 'nodenext', exactOptionalPropertyTypes: true, noUnusedLocals: true },
    always: true,
  },
  {
    name: 'TypeScript, CommonJS, node-redis 5',
    client: 'redis@5.12.1',
    module: 'commonjs',
    tsconfig: { ...STRICT, module: 'commonjs', moduleResolution: 'node', skipLibCheck: true },
    typescript: '5.9.3',
  },
  { name: 'JavaScript, CommonJS, ioredis 6', client: 'ioredis@6.0.0', module: 'commonjs' },
  { name: 'JavaScript, ESM, node-redis 6', client: 'redis@6.3.1', module: 'esm' },
];

describe('a small app with leases, limits, a queue and idempotency', () => {
  test.for(KINDS.filter(({ always }) => FULL || always))('$name', { timeout: LIMIT }, async (kind, { skip }) => {
    const folder = newFolder();
    writeFiles(folder, new Map(Object.entries(appOf(kind)).map(([name, text]) => [name, Buffer.from(text)])));
    const original = snapshot(folder);

    const pieces = ['--with', 'lease,limiter,queue,idempotency', '--packages', 'bundled'];
    const added = run(folder, process.execPath, CLI, 'infra', 'add', 'redis', '--yes', ...pieces);
    if (UNREACHABLE.test(added.out) && process.env['PAXX_REQUIRE_NETWORK'] !== '1') return skip('no registry');
    expect(added.status, added.out).toBe(0);

    if (kind.tsconfig) expect(compile(folder, kind)).toBe('');
    const server = await startServer();
    servers.push(server);
    const used = await start(folder, kind.tsconfig ? 'dist/main.js' : 'src/main.js', server.url);
    expect(used).toEqual({
      code: 0,
      err: '',
      report: {
        lease: { most: 1, rising: true },
        limiter: [true, true, false],
        queue: { done: [1, 2, 3], tried: 4 },
        idempotency: { values: [1, 1, 1], effects: 1, replayed: 2 },
      },
    });

    const removed = run(folder, process.execPath, CLI, 'infra', 'remove', 'redis', '--yes', '--no-install');
    expect(removed.status, removed.out).toBe(0);
    expect(withoutOutput(snapshot(folder))).toEqual(withoutOutput(original));
  });
});

/** What @paxx/redis is installed from lies in the app: nothing else has to be reachable for it. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/;

function appOf({ client, module, tsconfig }: Kind): Record<string, string> {
  const [name = '', version = ''] = client.split('@');
  const manifest = {
    name: 'shop',
    private: true,
    type: module === 'esm' ? 'module' : 'commonjs',
    dependencies: { [name]: version },
    ...(tsconfig && { devDependencies: { '@types/node': '20.19.43', typescript: '5.9.3' } }),
  };
  const ending = tsconfig ? 'ts' : 'js';
  const extension = module === 'esm' ? '.js' : '';
  const source = MAIN.replaceAll(/('\.\/lib\/\w+)'/g, `$1${extension}'`);
  const plain = source.replaceAll(/: number\[\] =/g, ' =').replaceAll('<number>', '');
  const text = tsconfig ? source : module === 'esm' ? plain : asRequire(plain);
  return {
    'package.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
    [`src/main.${ending}`]: text,
    // So that the module goes there, wherever the app is.
    [`src/lib/numbers.${ending}`]: module === 'esm' || tsconfig ? 'export const one = 1;\n' : 'exports.one = 1;\n',
    ...(tsconfig && { 'tsconfig.json': `${JSON.stringify({ compilerOptions: tsconfig, include: ['src'] })}\n` }),
  };
}

function asRequire(text: string): string {
  return text.replaceAll(/^import (\{.*\}) from ('.*');$/gm, 'const $1 = require($2);');
}

/** By a compiler that is there already: of what the test installs, it would take the most time. */
function compile(folder: string, { typescript }: Kind): string {
  const own =
    typescript === undefined ? path.join(ROOT, 'node_modules') : installPackages([`typescript@${typescript}`]);
  const tsc = path.join(own!, 'typescript/bin/tsc');
  return run(folder, process.execPath, tsc, '--typeRoots', path.join(ROOT, 'node_modules/@types')).out;
}

/** Serves nobody: it uses all four, tells what came of it, and ends when Redis is closed. */
const MAIN = `import { createServer } from 'node:http';
import { limit, once, queue, startWorker, withLease } from './lib/coordination';
import { closeRedis } from './lib/redis';

const server = createServer().listen(0, '127.0.0.1');

async function lease() {
  let holders = 0;
  let most = 0;
  const tokens: number[] = [];
  const hold = () =>
    withLease('invoice:7', async ({ token }) => {
      most = Math.max(most, ++holders);
      tokens.push(token);
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
    });
  await Promise.all([hold(), hold(), hold()]);
  const rising = tokens.every((token, i) => i === 0 || token > (tokens[i - 1] ?? 0));
  return { most, rising };
}

async function limiter() {
  const decisions: number[] = [];
  for (let i = 0; i < 3; i++) {
    const { allowed } = await limit('login:ada', { rate: '1/h', burst: 2 });
    decisions.push(Number(allowed));
  }
  return decisions.map(Boolean);
}

async function jobs() {
  const done: number[] = [];
  let tried = 0;
  let finish = () => {};
  const finished = new Promise((resolve) => (finish = () => resolve(undefined)));
  startWorker<number>('mail', async ({ data, attempt }) => {
    tried++;
    if (data === 2 && attempt === 1) throw new Error('the first time fails');
    if (done.push(data) === 3) finish();
  });
  await queue<number>('mail').enqueueMany([{ data: 1 }, { data: 2 }, { data: 3 }]);
  await finished;
  return { done: done.sort(), tried };
}

async function idempotency() {
  let effects = 0;
  const charge = () => once('charge:1', async () => ++effects);
  const outcomes = [await charge(), ...(await Promise.all([charge(), charge()]))];
  const values = outcomes.map(({ value }) => value);
  return { values, effects, replayed: outcomes.filter(({ replayed }) => replayed).length };
}

async function main() {
  const report = { lease: await lease(), limiter: await limiter(), queue: await jobs(), idempotency: await idempotency() };
  console.log(JSON.stringify(report));
  await closeRedis();
  server.close();
}

main();
`;

interface Finished {
  readonly status: number | null;
  readonly out: string;
}

function run(cwd: string, program: string, ...args: readonly string[]): Finished {
  const env = { ...process.env, npm_config_prefer_offline: 'true', npm_config_omit: 'dev' };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', env, timeout: LIMIT });
  return { status, out: stdout + stderr };
}

/** Beside the server, which lives in this process. */
async function start(
  cwd: string,
  file: string,
  url: string,
): Promise<{ code: number | null; err: string; report: unknown }> {
  const app = spawn(process.execPath, [file], { cwd, env: { PATH: process.env['PATH'], REDIS_URL: url } });
  let out = '';
  let err = '';
  app.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  app.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(app, 'close')) as [number | null];
  return { code, err, report: out === '' ? undefined : (JSON.parse(out) as unknown) };
}

/** What the compiler and the package manager leave is not the command's to remove. */
function withoutOutput(files: Snapshot): Record<string, string> {
  const left = Object.entries(contents(files)).filter(([name]) => !/^(?:dist\/|package-lock\.json$)/.test(name));
  return Object.fromEntries(left);
}

/** Jest as it comes, which requires all that it loads. */
const JEST_TESTS = `
const { useServer } = require('@paxx/server/jest');
const { createCache, createPort, createPrimitives } = require('@paxx/redis');
const { Redis } = require('ioredis');

const redis = useServer({ env: 'REDIS_URL' });
let client;
let port;
beforeEach(() => {
  client = new Redis(process.env.REDIS_URL);
  port = createPort(client, { warn() {} });
});
afterEach(async () => {
  await port.close();
  client.disconnect();
});

test('a lease', async () => {
  const lease = await createPrimitives(port).lease.acquire('x', { ttlMs: 1000 });
  expect(lease.token).toBeGreaterThan(0);
  expect(redis.keys()).not.toEqual([]);
  await lease.release();
});

test('the cache, on a server that was emptied in between', async () => {
  expect(await client.dbsize()).toBe(0);
  await client.set('bytes', Buffer.from([0, 255, 1]));
  expect([...(await client.getBuffer('bytes'))]).toEqual([0, 255, 1]);
  const cache = createCache({ port, l1: true });
  expect(await cache.getOrCompute('k', { ttl: '1m' }, async () => ({ a: 1 }))).toEqual({ a: 1 });
  expect(await cache.get('k')).toEqual({ a: 1 });
  await cache.close();
});
`;

if (FULL) {
  test('Jest loads the package and the server beside it', { timeout: LIMIT }, ({ skip }) => {
    const modules = installPackages(['jest@30.5.2', 'ioredis@5.11.1']);
    if (modules === undefined) return skip('npm cannot install');
    const root = newFolder();
    writeFileSync(path.join(root, 'package.json'), '{ "private": true }');
    writeFileSync(path.join(root, 'a.test.js'), JEST_TESTS);
    cpSync(modules, path.join(root, 'node_modules'), { recursive: true, verbatimSymlinks: true });
    for (const name of ['redis', 'server']) {
      const target = path.join(root, 'node_modules/@paxx', name);
      for (const part of ['package.json', 'dist']) {
        cpSync(path.join(ROOT, 'src', name, part), path.join(target, part), { recursive: true });
      }
    }
    const { status, out } = run(root, process.execPath, 'node_modules/jest/bin/jest.js', '--no-watchman');
    expect([status, out]).toEqual([0, expect.stringContaining('2 passed, 2 total')]);
  });

  describe('the host apps compile with every piece', () => {
    const compiled = RUNS.filter(({ host }) => !TOO_OLD.has(host));
    test.for(compiled)('$host', { timeout: 2 * LIMIT }, async ({ host, options = [], app, steps }, { skip }) => {
      const server = await startServer();
      servers.push(server);
      const wish = [...options, '--with', EVERY_PIECE];
      const installed = await installHost({ host, options: wish, redisUrl: server.url });
      if (!installed) return skip('the registry is out of reach');
      try {
        for (const step of steps) {
          const { code, out } = await installed.run(step, app === undefined ? {} : { in: app });
          expect(code, `${step.join(' ')}\n${out}`).toBe(0);
        }
      } finally {
        installed.dispose();
      }
    });
  });

  test.for([
    ['Nest 10, on Express', 'nest-joi', 'ItemsModule'],
    ['Nest 11, on Fastify', 'nest-registeras', 'InvoicesModule'],
  ] as const)(
    'an app of %s, with the module of the package',
    { timeout: 2 * LIMIT },
    async ([, name, beside], { skip }) => {
      const { host, wiring, steps, start: argv, env } = RUNS.find((one) => one.host === name)!;
      // Its time stands still, so that no limit is earned anew on a slow machine.
      const server = await startServer({ clock: 'virtual' });
      servers.push(server);
      const options = ['--with', 'limiter,idempotency,cache'];
      const installed = await installHost({ host, options, redisUrl: server.url });
      if (!installed) return skip('the registry is out of reach');
      try {
        writeFiles(installed.folder, ORDERS_FILES);
        const prepare = [...wiring.prepare!, ...importOrders(beside)];
        followNextSteps(installed.folder, installed.output, { ...wiring, prepare });
        for (const step of steps) {
          const { code, out } = await installed.run(step);
          expect(code, out).toBe(0);
        }
        const app = await startApp({
          folder: installed.folder,
          argv: argv!,
          env: (port) => ({ PATH: installed.path, PORT: String(port), REDIS_URL: server.url, ...env?.(port, 0) }),
        });
        const used = await useOrders(app.url).catch((error: Error) => error);
        // A hook that hangs would have it killed.
        expect(await app.stop()).toMatchObject({ code: null, signal: 'SIGTERM' });
        expect(used, app.output()).toEqual({
          limited: [
            [200, null],
            [200, null],
            [429, '1800'],
          ],
          orders: [
            [201, '{"order":1}'],
            [201, '{"order":1}'],
            [422, expect.any(String)],
          ],
          kept: { found: 'HIT', same: true },
        });
      } finally {
        installed.dispose();
      }
    },
  );
}
