/** Loads a large CommonJS file through V8's code cache: most of the time that it takes is compiling it. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { Script } from 'node:vm';

type Wrapper = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  file: string,
  folder: string,
) => void;

/**
 * Trouble with the cache is never an error: the file is compiled then, as without one.
 * @param file absolute path
 * @param use what the process is about to do: each use keeps the functions that it needs
 * @returns what the module exports
 */
export function requireCached(file: string, use = 'all'): unknown {
  const cache = cacheFile(file, use);
  const cachedData = cache === undefined ? undefined : readCache(cache);
  const source = readFileSync(file, 'utf8');
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    ...(cachedData && { cachedData }),
  });
  const module: { exports: unknown } = { exports: {} };
  const run = script.runInThisContext() as Wrapper;
  run(module.exports as object, createRequire(file), module, file, path.dirname(file));
  if (cache !== undefined && (!cachedData || script.cachedDataRejected)) {
    // At the end, so that every function that was needed is in it.
    process.once('exit', () => writeCache(cache, script.createCachedData()));
  }
  return module.exports;
}

/**
 * V8 compares versions, flags and the source's length; the rest of what makes data stale is in the name.
 * @returns undefined where there is no place for it
 */
function cacheFile(file: string, use: string): string | undefined {
  const base = cacheFolder();
  if (base === undefined) return undefined;
  const { mtimeMs, size } = statSync(file);
  const digest = createHash('sha1').update(`${file} ${mtimeMs} ${size}`).digest('hex').slice(0, 16);
  const name = `${path.basename(file, '.cjs')}-${use}-${digest}-${process.version}-${process.arch}.bin`;
  return path.join(base, 'paxx', name);
}

/** A relative path would lead into the project; a user without an entry has no home at all. */
function cacheFolder(): string | undefined {
  try {
    return [process.env['XDG_CACHE_HOME'] ?? '', path.join(homedir(), '.cache')].find((place) =>
      path.isAbsolute(place),
    );
  } catch {
    return undefined;
  }
}

/** It is code: what others own or may write is not taken. */
function readCache(file: string): Buffer | undefined {
  try {
    const { uid, mode } = statSync(file);
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) return undefined;
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function writeCache(file: string, data: Buffer): void {
  const scratch = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(scratch, data, { mode: 0o600 });
    renameSync(scratch, file);
  } catch {
    discard(scratch);
  }
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Where nothing can be written nothing can be left.
  }
}
