// What a host's compiler pays for the types of @paxx/redis: `node test/bench/types.mjs [--rounds 5]`.
// A small Fastify host is checked with and without an import of every entry, by TypeScript 5.9 and by the one in use
// here, taking turns: memory and lines by the compiler's own --extendedDiagnostics, and processor time, since the clock
// on the wall tells of the machine's other work. Medians; ours is the median of each round's difference.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
const BARS = { memory: 150, seconds: 1 };
const OLD = 'typescript@5.9.3';

/** Processor time of the process and of those it has waited for, as Linux counts it. */
const HOOK = `process.on('exit', () => {
  const fields = require('node:fs').readFileSync('/proc/self/stat', 'utf8').split(') ').pop().split(' ').map(Number);
  process.stderr.write('CPU time: ' + (fields[11] + fields[12] + fields[13] + fields[14]) / 100 + 's');
});`;

const host = mkdtempSync(join(tmpdir(), 'paxx-types-'));
try {
  const entries = makeHost();
  const compilers = {
    [OLD]: oldCompiler(),
    [`typescript@${versionHere()}`]: join(root, 'node_modules/typescript/bin/tsc'),
  };
  console.log(`${entries.length} entries: ${entries.join(' ')}\n`);
  for (const [name, tsc] of Object.entries(compilers)) report(name, measure(tsc));
} finally {
  rmSync(host, { recursive: true, force: true });
}

/** @returns the entries */
function makeHost() {
  const here = join(root, 'node_modules');
  const modules = join(host, 'node_modules');
  const ours = join(modules, '@paxx/redis');
  mkdirSync(ours, { recursive: true });
  for (const name of ['@types', 'fastify']) symlinkSync(join(here, name), join(modules, name));
  const manifest = readFileSync(join(root, 'src/redis/package.json'), 'utf8');
  writeFileSync(join(ours, 'package.json'), manifest);
  run([join(here, 'typescript/bin/tsc'), '-p', join(root, 'src/redis'), '--outDir', join(ours, 'dist/types')]);
  const entries = Object.entries(JSON.parse(manifest).exports).flatMap(([entry, target]) =>
    target.types === undefined ? [] : [`@paxx/redis${entry.slice(1)}`],
  );
  const app = `import Fastify from 'fastify';
const app = Fastify();
app.get('/', async ({ ip }) => ({ ip }));
await app.listen({ port: 3000 });
`;
  const uses = entries.map((entry, i) => `import * as all${i} from '${entry}';\nexport { all${i} };\n`).join('');
  const ourApp = `
import { createCache, createPort, createPrimitives } from '@paxx/redis';
const port = createPort({});
const { lease, limiter, queue } = createPrimitives(port);
const cache = createCache({ port, l1: true });
const users = cache.define({ name: 'user', key: String, load: async (id: number) => ({ id, name: 'x' }) });
const user: { name: string } | undefined = await users.get(1);
await lease.using('a', async ({ token, signal }) => [token, signal.aborted, user]);
await limiter.gcra('a', { rate: '100/m' });
await queue<{ to: string }>('mail').enqueue({ to: 'x' });
await app.register(all${entries.indexOf('@paxx/redis/fastify')}.rateLimit, { port, rate: '100/m', key: ({ ip }) => ip });
`;
  writeFileSync(join(host, 'hook.cjs'), HOOK);
  writeFileSync(join(host, 'package.json'), '{ "type": "module", "private": true }');
  writeFileSync(join(host, 'without.ts'), app);
  writeFileSync(join(host, 'with.ts'), `${uses}${app}${ourApp}`);
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  };
  for (const name of ['with', 'without']) {
    writeFileSync(join(host, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  }
  return entries;
}

/** Installed once. */
function oldCompiler() {
  const folder = join(tmpdir(), 'paxx-bench-typescript');
  if (!existsSync(join(folder, 'node_modules/typescript'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const { status, stderr } = spawnSync('npm', ['install', '--no-audit', '--no-fund', OLD], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
  }
  return join(folder, 'node_modules/typescript/bin/tsc');
}

function versionHere() {
  return JSON.parse(readFileSync(join(root, 'node_modules/typescript/package.json'), 'utf8')).version;
}

function measure(tsc) {
  return Array.from({ length: rounds }, () => {
    const [without, withUs] = ['without', 'with'].map((name) => {
      const argv = [
        '--require',
        join(host, 'hook.cjs'),
        tsc,
        '-p',
        join(host, `${name}.json`),
        '--extendedDiagnostics',
      ];
      const text = run(argv);
      const number = (pattern) => Number(pattern.exec(text)[1]);
      return {
        memory: number(/Memory used:\s+(\d+)K/) / 1024,
        seconds: number(/CPU time: ([\d.]+)s/),
        lines: number(/Lines(?: of Definitions)?:\s+(\d+)/),
      };
    });
    return { without, withUs };
  });
}

function report(name, found) {
  console.log(name);
  for (const [what, unit, digits] of [
    ['memory', 'MB', 0],
    ['seconds', 's of processor time', 2],
    ['lines', 'lines', 0],
  ]) {
    const median = (of) =>
      found
        .map(of)
        .sort((a, b) => a - b)
        .at(rounds >> 1)
        .toFixed(digits);
    const ours = median((one) => one.withUs[what] - one.without[what]);
    const bar =
      BARS[what] === undefined ? '' : ` (bar ${BARS[what]}: ${Number(ours) < BARS[what] ? 'held' : 'MISSED'})`;
    console.log(
      `  ${median((one) => one.without[what])} -> ${median((one) => one.withUs[what])} ${unit}, ours ${ours}${bar}`,
    );
  }
}

function run(argv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: host, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${argv.join(' ')}\n${stdout}${stderr}`);
  return stdout + stderr;
}
