/** What git knows about the files of a plan, and the one commit of them. A project without git is fine. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PaxxError } from '../errors.ts';

/**
 * @param paths relative to `root`
 * @param options with `tracked`, files that git does not know are left out: there is no older version to tell from
 * @returns those with uncommitted changes, staged or not; empty where there is no git
 */
export async function dirtyPaths(
  root: string,
  paths: readonly string[],
  { tracked = false }: { readonly tracked?: boolean } = {},
): Promise<string[]> {
  if (paths.length === 0) return [];
  const prefix = await tryGit(root, ['rev-parse', '--show-prefix']);
  if (prefix === undefined) return [];
  const status = await tryGit(root, [
    'status',
    '--porcelain',
    '-z',
    `--untracked-files=${tracked ? 'no' : 'all'}`,
    '--',
    ...paths,
  ]);
  if (status === undefined) return [];
  const below = prefix.replace(/\r?\n$/, '');
  return parseStatus(status)
    .filter((path) => path.startsWith(below))
    .map((path) => path.slice(below.length))
    .filter((path) => paths.includes(path));
}

/** @returns those that git leaves out of the repository; none where there is no git */
export async function ignoredPaths(root: string, paths: readonly string[]): Promise<string[]> {
  return split(await tryGit(root, ['check-ignore', '-z', '--stdin'], paths.join('\0')));
}

/**
 * One commit of these paths and nothing else, whatever is staged besides; the project's hooks run. Ignored files
 * stay out of it.
 * @returns the paths in the commit; empty when there was nothing to commit
 * @throws {PaxxError} `FAILURE` with git's own words; what was staged for it is taken back
 */
export async function commitPaths(root: string, paths: readonly string[], message: string): Promise<string[]> {
  if (paths.length === 0) return [];
  const ignored = new Set(await ignoredPaths(root, paths));
  const tracked = new Set(split(await git(root, ['ls-files', '-z', '--', ...paths])));
  const changed = new Set(await dirtyPaths(root, paths));
  const wanted = paths.filter((path) => changed.has(path) && (tracked.has(path) || !ignored.has(path)));
  if (wanted.length === 0) return [];
  const fresh = wanted.filter((path) => !tracked.has(path));
  try {
    // An intent to add makes a new file known without taking its content into the index yet.
    if (fresh.length > 0) await git(root, ['add', '--intent-to-add', '--', ...fresh]);
    await git(root, ['commit', '--quiet', '--message', message, '--', ...wanted]);
  } catch (error) {
    if (fresh.length > 0) await tryGit(root, ['rm', '--cached', '--quiet', '--force', '--', ...fresh]);
    throw error;
  }
  return wanted;
}

/** `XY path`, and for a rename or copy the old path after it, all ended by NUL. */
function parseStatus(status: string): string[] {
  const fields = split(status);
  const paths: string[] = [];
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    paths.push(field.slice(3));
    if (/[RC]/.test(field.slice(0, 2))) paths.push(fields[++i]!);
  }
  return paths;
}

function split(output: string | undefined): string[] {
  return output?.split('\0').filter((field) => field !== '') ?? [];
}

const run = promisify(execFile);

/**
 * Paths are names, never patterns.
 * @param input paths, for a command that takes only these for names
 */
async function git(root: string, args: readonly string[], input?: string): Promise<string> {
  try {
    const words = input === undefined ? ['--literal-pathspecs', ...args] : args;
    const running = run('git', words, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    // Where git has ended before it read, its exit code tells more than the broken pipe.
    if (input !== undefined) running.child.stdin?.on('error', () => {}).end(input);
    const { stdout } = await running;
    return stdout;
  } catch (error) {
    const told = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new PaxxError('FAILURE', `git ${args[0]} failed: ${told || String(error)}`, {
      hint: 'The files are written; commit them by hand.',
      cause: error,
    });
  }
}

async function tryGit(root: string, args: readonly string[], input?: string): Promise<string | undefined> {
  try {
    return await git(root, args, input);
  } catch {
    return undefined;
  }
}
