// Makes a fresh clone ready: installs the locked dependencies and builds, each only when something changed since.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFolder = join(root, 'node_modules', '.cache', 'paxx-setup');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`paxx needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

once('install', ['package.json', 'package-lock.json', 'src/redis/package.json', 'src/server/package.json'], () => {
  console.log('Installing dependencies …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
});
once('build', ['package.json', 'tsconfig.json', '.ci', 'src', 'templates'], () => {
  console.log('Building …');
  run(process.execPath, [join(root, '.ci', 'build.mjs')]);
});

/** Run `work` unless it succeeded before on exactly these inputs. */
function once(name, inputs, work) {
  const hash = createHash('sha256').update(process.version);
  for (const input of inputs) hashInto(hash, join(root, input));
  const digest = hash.digest('hex');
  const stamp = join(stampFolder, name);
  const outputs = {
    install: join(root, 'node_modules', '.package-lock.json'),
    build: join(root, 'dist', 'cli', 'main.js'),
  };
  if (existsSync(outputs[name]) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  work();
  mkdirSync(stampFolder, { recursive: true });
  writeFileSync(stamp, digest);
}

function hashInto(hash, path) {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).sort()) {
      if (name !== 'node_modules' && name !== 'dist') hashInto(hash, join(path, name));
    }
    return;
  }
  hash.update(path).update(readFileSync(path));
}

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (done.status !== 0) {
    console.error(`${command} ${args.join(' ')} failed (exit ${done.status ?? done.signal}).`);
    process.exit(done.status ?? 1);
  }
}
