// Start-up of the CLI against bare Node and its rivals, interleaved in one run: `npm run bench:cli [-- --rounds 15]`.
// Every row is a whole process from spawn to exit; the ratio is to `node -e 0` of the same round.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rounds = Number(values.rounds);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const paxx = join(root, 'dist/cli/main.js');
const scratch = mkdtempSync(join(tmpdir(), 'paxx-bench-'));
const host = join(root, 'fixtures/hosts/express-ts-zod');
const rivals = installRivals();

const added = join(scratch, 'added');
cpSync(host, added, { recursive: true });
run([process.execPath, paxx, 'infra', 'add', 'redis', '--yes', '--no-install', '--force', '--cwd', added], added);

/** Each case: a label, the folder it works on (copied fresh each time where `from` is set), the argv, its environment. */
const cases = [
  { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
  { name: 'paxx infra list', argv: [process.execPath, paxx, 'infra', 'list'], bar: 1.3 },
  { name: 'paxx --help', argv: [process.execPath, paxx, '--help'], bar: 2.5 },
  { name: 'paxx infra add redis, cold', from: host, argv: (folder) => add(folder), cold: true, bar: 8 },
  { name: 'paxx infra add redis, warm', from: host, argv: (folder) => add(folder) },
  { name: 'paxx infra add redis, nothing to change', argv: add(added) },
  ...(rivals
    ? [
        { name: 'sv --help', argv: [process.execPath, rivals.sv, '--help'] },
        {
          name: 'sv add prettier --no-install',
          from: rivals.svProject,
          argv: () => [process.execPath, rivals.sv, 'add', 'prettier', '--no-install'],
        },
      ]
    : []),
];

const times = new Map(cases.map((entry) => [entry.name, []]));
const warmCache = join(scratch, 'cache');
for (let round = -1; round < rounds; round++) {
  for (const entry of cases) {
    const folder = join(scratch, 'work');
    rmSync(folder, { recursive: true, force: true });
    if (entry.from) cpSync(entry.from, folder, { recursive: true });
    else mkdirSync(folder);
    const cache = entry.cold ? mkdtempSync(join(scratch, 'cold-')) : warmCache;
    const argv = typeof entry.argv === 'function' ? entry.argv(folder) : entry.argv;
    const wall = run(argv, folder, { XDG_CACHE_HOME: cache });
    if (round >= 0) times.get(entry.name).push(wall);
  }
}

const base = times.get('node -e 0');
console.log(
  `\n${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0].model.trim()}, ${rounds} rounds\n`,
);
console.log('| command | median ms | x node -e 0 (median of pairs) | bar |\n|---|---|---|---|');
for (const entry of cases) {
  const own = times.get(entry.name);
  const ratio = median(own.map((time, i) => time / base[i]));
  const verdict = entry.bar ? `<= ${entry.bar} ${ratio <= entry.bar ? 'met' : 'MISSED'}` : '';
  console.log(`| ${entry.name} | ${median(own).toFixed(0)} | ${ratio.toFixed(2)} | ${verdict} |`);
}
if (rivals) {
  const sv = times.get('sv add prettier --no-install');
  const ours = times.get('paxx infra add redis, warm');
  console.log(
    `\nadd redis, warm, against sv add prettier: ${median(ours.map((time, i) => time / sv[i])).toFixed(2)} (bar <= 1)`,
  );
}
rmSync(scratch, { recursive: true, force: true });

function add(folder) {
  return [process.execPath, paxx, 'infra', 'add', 'redis', '--yes', '--no-install', '--cwd', folder];
}

function run(argv, cwd, env = {}) {
  const start = process.hrtime.bigint();
  const done = spawnSync(argv[0], argv.slice(1), {
    cwd,
    env: { ...process.env, CI: 'true', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e6;
  if (done.status !== 0) throw new Error(`${argv.join(' ')} exited ${done.status}:\n${done.stdout}\n${done.stderr}`);
  return wall;
}

/** The rivals come from the registry into a cache; without a network the bench runs without them and says so. */
function installRivals() {
  const folder = join(root, 'node_modules/.cache/paxx-bench');
  const sv = join(folder, 'node_modules/sv/dist/bin.mjs');
  const svProject = join(folder, 'sv-project');
  if (!existsSync(sv)) {
    mkdirSync(folder, { recursive: true });
    const done = spawnSync('npm', ['install', '--prefix', folder, '--no-save', '--loglevel=error', 'sv@0.17.1'], {
      stdio: 'inherit',
    });
    if (done.status !== 0) {
      console.error('The rivals could not be installed; running without them.');
      return undefined;
    }
  }
  if (!existsSync(svProject)) {
    run(
      [
        process.execPath,
        sv,
        'create',
        svProject,
        '--template',
        'minimal',
        '--types',
        'ts',
        '--no-add-ons',
        '--no-install',
      ],
      folder,
    );
  }
  return { sv, svProject };
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
