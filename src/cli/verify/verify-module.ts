/** Loads the rendered module in the host, on the host's own client package, and exercises it against a server. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { loadWholeCompiler } from '../editors/typescript/compiler.ts';
import { PaxxError } from '../errors.ts';
import type { SettingsAccess } from '../settings/dialect.ts';
import { openVerifyServer } from './server.ts';
import { settingsStub } from './settings-stub.ts';

export interface VerifyRequest {
  /** Absolute. */
  readonly root: string;
  readonly host: { readonly app: string };
  /** Of the rendered module; paths relative to the root. */
  readonly module: { readonly connection: string; readonly cache: string };
  readonly access: SettingsAccess;
}

export interface VerifyReport {
  /** What it was verified against, in words. */
  readonly server: string;
  /** What was found to work, in words. */
  readonly checks: readonly string[];
}

/** Milliseconds for the whole check. */
const TIMEOUT = 20_000;

/** @throws PaxxError `VERIFY_FAILED` */
export async function verifyModule(
  request: VerifyRequest,
  options: { readonly redisUrl: string | undefined; readonly signal: AbortSignal },
): Promise<VerifyReport> {
  await using server = await openVerifyServer(options.redisUrl);
  const folder = await scratchFolder(join(request.root, request.host.app));
  try {
    await stageModule(request, folder.path);
    const output = await run(folder.path, server.url, options.signal);
    return { server: server.name, checks: readChecks(output) };
  } finally {
    await folder.remove();
  }
}

/** Below the app's node_modules, so that the module finds the packages it would find in its place. */
async function scratchFolder(app: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const cache = join(app, 'node_modules', '.cache');
  const made = await mkdir(cache, { recursive: true });
  const path = await mkdtemp(join(cache, 'paxx-verify-'));
  const remove = async (): Promise<void> => {
    await rm(path, { recursive: true, force: true });
    // Only what was made for the purpose; a folder that others use by now stays.
    if (made === undefined) return;
    for (let at = cache; at.startsWith(made); at = dirname(at)) await rmdir(at).catch(() => {});
  };
  return { path, remove };
}

/** Each file as CommonJS beside the others; the settings file as a stand-in that exports just what is read. */
async function stageModule({ root, module, access }: VerifyRequest, folder: string): Promise<void> {
  const names = new Map(
    [module.connection, module.cache].map((path) => [withoutEnding(path), `${withoutEnding(basename(path))}.cjs`]),
  );
  const stub = access.kind === 'import' ? withoutEnding(access.path) : undefined;
  if (access.kind === 'import') {
    names.set(withoutEnding(access.path), 'paxx-settings.cjs');
    await writeFile(join(folder, 'paxx-settings.cjs'), settingsStub(access));
  }
  const ts = await loadWholeCompiler();
  for (const path of [module.connection, module.cache]) {
    const source = await readFile(join(root, path), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      fileName: path,
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
        allowJs: true,
      },
    });
    const text = outputText.replaceAll(/require\((["'])([^"']+)\1\)/g, (whole, _quote, target: string) => {
      if (target === 'server-only') return '{}';
      if (access.kind === 'import' && target === access.specifier) return `require('./paxx-settings.cjs')`;
      if (!target.startsWith('.')) return whole;
      const resolved = withoutEnding(posix.join(posix.dirname(path), target));
      const name = names.get(resolved) ?? names.get(posix.join(resolved, 'index'));
      if (name === undefined) throw unloadable(path, target, stub);
      return `require('./${name}')`;
    });
    await writeFile(join(folder, names.get(withoutEnding(path))!), text);
  }
  await writeFile(
    join(folder, 'check.cjs'),
    checkSource(names.get(withoutEnding(module.connection))!, names.get(withoutEnding(module.cache))!),
  );
}

function unloadable(path: string, target: string, stub: string | undefined): PaxxError {
  return new PaxxError('VERIFY_FAILED', `the module imports ${target}, which the check does not know`, {
    hint: `The settings were expected at ${stub ?? 'process.env'}; run the app itself to see.`,
    place: { path },
  });
}

function withoutEnding(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, '');
}

/**
 * Prints one line per thing that works; an assertion that fails ends it with the reason. The module gives up on a
 * Redis after a fraction of a second, which a busy machine may take: so it is given time to connect, and chances.
 */
function checkSource(connection: string, cache: string): string {
  return `const assert = require('node:assert/strict');
const { setTimeout: pause } = require('node:timers/promises');
const connection = require('./${connection}');
const { cache } = require('./${cache}');
let passed = [];
const done = (what) => passed.push(what);
const isHealthy = async () => (await connection.redisHealth()).status === 'healthy';
async function check(key) {
  for (let i = 0; i < 10 && !(await isHealthy()); i++) await pause(100);
  passed = [];
  await cache.set(key, { n: 1 }, { ttl: 60 });
  assert.deepEqual(await cache.get(key), { n: 1 });
  done('set and get');
  await cache.delete(key);
  assert.equal((await cache.get(key)) ?? undefined, undefined);
  done('delete');
  let computed = 0;
  const compute = async () => { computed++; return { n: 2 }; };
  const all = await Promise.all(Array.from({ length: 20 }, () => cache.getOrCompute(key, { ttl: 60 }, compute)));
  assert.equal(computed, 1);
  assert.ok(all.every((value) => value.n === 2));
  await cache.delete(key);
  done('getOrCompute, once for 20 callers');
  const health = await connection.redisHealth();
  assert.equal(health.status, 'healthy', health.message);
  done('health');
}
(async () => {
  for (let chances = 3; ; chances--) {
    try {
      await check('paxx-verify:' + process.pid + ':' + Date.now() + ':' + chances);
      break;
    } catch (error) {
      if (chances === 1) throw error;
    }
  }
  await connection.closeRedis();
  done('close');
})()
  .catch((error) => { console.error(error && error.message || error); process.exitCode = 1; })
  .finally(() => { for (const what of passed) console.log('ok ' + what); })
  .then(() => process.exitCode && process.exit());
`;
}

function run(folder: string, url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['check.cjs'], {
      cwd: folder,
      env: { ...process.env, REDIS_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      timeout: TIMEOUT,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.once('error', (error) => {
      if (signal.aborted) reject(new PaxxError('INTERRUPTED', 'interrupted; the files are written, but not verified'));
      else reject(failed(error.message, output));
    });
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else
        reject(failed(code === null ? 'it did not end in time' : errors.trim().replaceAll(url, '$REDIS_URL'), output));
    });
  });
}

function failed(reason: string, output: string): PaxxError {
  const missing = /Cannot find (?:module|package) '([^'./][^']*)'/.exec(reason)?.[1];
  if (missing !== undefined) {
    return new PaxxError('VERIFY_FAILED', `the module cannot be loaded: ${missing} is not installed`, {
      hint: `Install it, then run \`paxx infra add redis --verify\` again.`,
    });
  }
  const passed = readChecks(output);
  return new PaxxError('VERIFY_FAILED', `the module did not pass its check: ${reason}`, {
    hint: `The files are in place. Passed before: ${passed.length > 0 ? passed.join(', ') : 'nothing'}.`,
  });
}

function readChecks(output: string): string[] {
  return output.split('\n').flatMap((line) => (line.startsWith('ok ') ? [line.slice(3)] : []));
}
