// `npm start`: the main job on a copy of a real app, to watch. Lists, shows the diff, adds Redis, serves a cached route,
// and runs a second time to find nothing to do. Everything happens in a temporary folder. `--keep` leaves it there.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const paxx = join(root, 'dist/cli/main.js');
const scratch = mkdtempSync(join(tmpdir(), 'paxx-tour-'));
const app = join(scratch, 'catalogue-api');
const keep = process.argv.includes('--keep');
const color = process.stdout.isTTY && !process.env.NO_COLOR;
const running = [];

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(130));

try {
  cpSync(join(root, 'fixtures/hosts/express-ts-zod'), app, { recursive: true });
  await tour();
  await end(0);
} catch (error) {
  console.error(`\nThe tour stopped: ${error.message}`);
  await end(1);
}

async function tour() {
  say(`An Express app in TypeScript lies in ${app}. Its item route takes 250 ms.`);
  step('What can be added?');
  run('infra', 'list');
  step('What would change? Nothing is written yet.');
  run('infra', 'add', 'redis', '--diff', '--dry-run');
  step('Add it, and let npm install.');
  run('infra', 'add', 'redis', '--yes');
  step('Use it as "Next" says: the item route through the cache, and the health route.');
  useCache();
  await serve();
  step('A second run finds nothing to do.');
  const second = run('infra', 'add', 'redis', '--yes');
  if (!second.includes('nothing to change')) throw new Error('the second run found something to do');
  run('infra', 'status');
  say('Take it out again with `paxx infra remove redis`: what you did not edit comes out byte by byte.');
}

function useCache() {
  edit('src/routes/items.ts', [
    [
      "import { Router } from 'express';\n",
      "import { Router } from 'express';\nimport { cache } from '../services/cache.js';\n",
    ],
    [
      'await findItem(req.params.id)',
      'await cache.getOrCompute(`item:${req.params.id}`, { ttl: 60 }, () => findItem(req.params.id))',
    ],
  ]);
  edit('src/app.ts', [
    [
      "import { itemsRouter } from './routes/items.js';\n",
      "import { itemsRouter } from './routes/items.js';\nimport { redisRoutes } from './services/redis-routes.js';\n",
    ],
    ['  app.use(helmet());\n', '  app.use(helmet());\n  app.use(redisRoutes);\n'],
  ]);
}

/** Prints each line that goes and each that comes. */
function edit(file, changes) {
  let text = readFileSync(join(app, file), 'utf8');
  console.log(file);
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${file} has no ${from.trim()}`);
    for (const old of lines(from)) if (!lines(to).includes(old)) console.log(paint(31, `  - ${old.trim()}`));
    for (const fresh of lines(to)) if (!lines(from).includes(fresh)) console.log(paint(32, `  + ${fresh.trim()}`));
    text = text.replace(from, () => to);
  }
  writeFileSync(join(app, file), text);
}

function lines(text) {
  return text.split('\n').filter((one) => one.trim() !== '');
}

async function serve() {
  const redis = await openRedis();
  step(`Serve it, with ${redis.name} behind.`);
  const server = start(process.execPath, ['--import', 'tsx', 'src/server.ts'], { REDIS_URL: redis.url, PORT: '0' });
  const [, port] = await printed(server, /listening on (\d+)/);
  const base = `http://127.0.0.1:${port}`;
  const first = await get(`${base}/items/1`);
  const again = await get(`${base}/items/1`);
  const health = await get(`${base}/health/redis`);
  for (const { path, status, ms, text } of [first, again, health]) {
    console.log(`GET ${path.padEnd(13)} ${status}  ${String(Math.round(ms)).padStart(4)} ms  ${text}`);
  }
  if (first.text !== again.text || first.status !== 200 || again.status !== 200) throw new Error('the answers differ');
  if (again.ms > first.ms / 2) throw new Error('the second answer did not come from the cache');
  server.kill('SIGTERM');
  await once(server, 'exit');
}

/** REDIS_URL, else the bundled server: nothing else has to be installed. */
async function openRedis() {
  if (process.env.REDIS_URL) return { name: 'REDIS_URL', url: process.env.REDIS_URL };
  const { runServer } = createRequire(import.meta.url)(join(root, 'dist/server/run.cjs'));
  const { url } = await runServer({ args: ['--port', '0', '--save', '', '--dir', scratch], log: () => {} });
  return { name: "paxx' own server", url };
}

async function get(url) {
  const started = performance.now();
  const response = await fetch(url);
  const text = await response.text();
  return { path: new URL(url).pathname, status: response.status, ms: performance.now() - started, text };
}

function run(...args) {
  console.log(paint(1, `$ paxx ${args.join(' ')}`));
  const done = spawnSync(process.execPath, [paxx, ...args], { cwd: app, encoding: 'utf8', env: childEnv() });
  process.stdout.write(shorten(done.stdout));
  process.stderr.write(done.stderr);
  if (done.status !== 0) throw new Error(`paxx ${args.join(' ')} ended with exit code ${done.status}`);
  return done.stdout;
}

/** Of a new file's diff the first lines are enough to watch. */
function shorten(text) {
  let left = Number.POSITIVE_INFINITY;
  let cut = 0;
  const out = [];
  const close = () => {
    if (cut > 0) out.push(`  … ${cut} more lines`);
    cut = 0;
  };
  for (const line of text.split('\n')) {
    const inDiff = /^[-+@ \\]/.test(line) || line === '';
    if (line.startsWith('--- ') || !inDiff) {
      close();
      left = line === '--- /dev/null' ? 14 : Number.POSITIVE_INFINITY;
    }
    if (left-- > 0) out.push(line);
    else cut++;
  }
  close();
  return out.join('\n');
}

function start(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: app,
    env: { ...childEnv(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  return child;
}

/** npm tells the scripts that it runs about itself; a package manager of our own must not hear that. */
function childEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}

function printed(child, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const found = pattern.exec(text);
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`a program ended early (${code}): ${text}`)));
    child.once('error', reject);
  });
}

function step(text) {
  console.log(`\n${paint(36, `== ${text}`)}`);
}

function say(text) {
  console.log(`\n${text}`);
}

function paint(code, text) {
  return color ? `\u001B[${code}m${text}\u001B[0m` : text;
}

async function end(code) {
  for (const child of running) child.kill('SIGKILL');
  if (keep) console.log(`\nLeft in ${app}`);
  else rmSync(scratch, { recursive: true, force: true });
  process.exit(code);
}
