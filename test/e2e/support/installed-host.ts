/** A host app in a folder of its own, with `infra add redis` done and everything installed, as a user has it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../../support/packages.ts';
import { copyHost } from './files.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** `PAXX_CLI` names another build, such as one that was packed and unpacked. */
const CLI = process.env['PAXX_CLI'] ?? path.join(ROOT, 'dist/cli/main.js');
const STORE = path.join(ROOT, 'node_modules/.cache/paxx-hosts');

/** Installs that no peer, script or audit makes longer. */
const NPM_FLAGS = {
  npm_config_prefer_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_ignore_scripts: 'true',
  npm_config_update_notifier: 'false',
  npm_config_fetch_retry_mintimeout: '1000',
};

/** What npm and pnpm say when the registry is out of reach. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_PNPM_META_FETCH_FAIL/;

export interface Finished {
  readonly code: number | null;
  readonly out: string;
}

export interface InstalledHost {
  readonly folder: string;
  /** Finds the host's package manager too. */
  readonly path: string;
  /** What `infra add redis` has printed. */
  readonly output: string;
  /** A program of the host's, to its end. */
  run(argv: readonly string[], options?: { readonly in?: string }): Promise<Finished>;
  /** Keeps the installed packages for the next run, removes the rest. */
  dispose(): void;
}

export interface InstallWish {
  readonly host: string;
  /** Options besides `infra add redis --yes`. */
  readonly options: readonly string[];
  /** Of the Redis that the module is verified against. */
  readonly redisUrl: string;
}

/**
 * @returns undefined, said aloud, where the registry cannot be reached; throws then when
 *   `PAXX_REQUIRE_NETWORK=1` forbids skipping
 */
export async function installHost({ host, options, redisUrl }: InstallWish): Promise<InstalledHost | undefined> {
  if (unreachable) return skip(host);
  const folder = copyHost(host);
  const manager = managerOf(folder);
  const store = path.join(STORE, `${host}-${keyOf(folder, options)}`);
  fetchFrom(store, folder);
  const dispose = (): void => {
    giveBack(store, folder);
    rmSync(folder, { recursive: true, force: true });
  };
  const environment = { ...process.env, ...NPM_FLAGS, REDIS_URL: redisUrl, PATH: pathWith(manager) };
  const run = (argv: readonly string[], { in: inside = '' } = {}): Promise<Finished> =>
    finish(argv, path.join(folder, inside), environment);
  try {
    const add = [process.execPath, CLI, 'infra', 'add', 'redis', '--yes', ...options];
    // The fixtures' locks of yarn and bun are empty: npm puts the same packages in the same place.
    const foreign = manager === 'yarn' || manager === 'bun';
    const added = await run(foreign ? [...add, '--no-install'] : add);
    if (added.code !== 0) return refuse(host, added, dispose);
    // Nor is anything installed where the host has the client already.
    if (!existsSync(path.join(folder, 'node_modules/.bin')) || foreign) {
      const installed = await run([manager === 'pnpm' ? 'pnpm' : 'npm', 'install']);
      if (installed.code !== 0) return refuse(host, installed, dispose);
    }
    return { folder, path: environment.PATH, output: added.out, run, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The first host that cannot be installed tells for all. */
let unreachable = false;

function refuse(host: string, { out }: Finished, dispose: () => void): undefined {
  dispose();
  unreachable = process.env['PAXX_REQUIRE_NETWORK'] !== '1' && UNREACHABLE.test(out);
  if (!unreachable) throw new Error(`${host} was not installed:\n${out}`);
  return skip(host);
}

function skip(host: string): undefined {
  console.warn(`SKIPPED: ${host} cannot be installed, the registry is out of reach`);
  return undefined;
}

function managerOf(folder: string): 'npm' | 'pnpm' | 'yarn' | 'bun' {
  const has = (name: string): boolean => existsSync(path.join(folder, name));
  if (has('pnpm-lock.yaml')) return 'pnpm';
  if (has('yarn.lock')) return 'yarn';
  return has('bun.lock') || has('bun.lockb') ? 'bun' : 'npm';
}

/** The search path with the host's package manager, which comes from the registry like everything else. */
function pathWith(manager: string): string {
  const own = process.env['PATH'] ?? '';
  const spec = { pnpm: 'pnpm@9.15.9', bun: 'bun@1.3.1' }[manager];
  const modules = spec === undefined ? undefined : installPackages([spec]);
  if (modules === undefined) return own;
  // The program of the package bun is put in place by a script, which does not run here.
  const folder = manager === 'bun' ? path.join('@oven', readdirSync(path.join(modules, '@oven'))[0]!, 'bin') : '.bin';
  return path.join(modules, folder) + path.delimiter + own;
}

/** Changes with what is asked to be installed. */
function keyOf(folder: string, options: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([process.version, options]));
  for (const name of ['package.json', 'package-lock.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    const file = path.join(folder, name);
    if (existsSync(file)) hash.update(name).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}

/** Moved, not copied: whoever comes second at the same time installs on its own. */
function fetchFrom(store: string, folder: string): void {
  try {
    renameSync(store, `${folder}-kept`);
  } catch {
    return;
  }
  for (const name of KEPT) move(path.join(`${folder}-kept`, name), path.join(folder, name));
  rmSync(`${folder}-kept`, { recursive: true, force: true });
}

/** What an install leaves behind, and a later one goes by. */
const KEPT = [
  'node_modules',
  'package-lock.json',
  'pnpm-lock.yaml',
  'apps/api/node_modules',
  'apps/web/node_modules',
  'packages/env/node_modules',
];

function giveBack(store: string, folder: string): void {
  if (!existsSync(path.join(folder, 'node_modules'))) return;
  const staging = `${folder}-kept`;
  for (const name of KEPT) move(path.join(folder, name), path.join(staging, name));
  mkdirSync(STORE, { recursive: true });
  if (!existsSync(store)) move(staging, store);
  rmSync(staging, { recursive: true, force: true });
}

function move(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(path.dirname(to), { recursive: true });
  rmSync(to, { recursive: true, force: true });
  try {
    renameSync(from, to);
  } catch {
    // The temporary folder may be on another file system.
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    rmSync(from, { recursive: true });
  }
}

function finish(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Finished> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out }));
  });
}
