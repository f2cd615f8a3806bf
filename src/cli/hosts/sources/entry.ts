/** Which file starts the app: what the scripts run, else `main`, else a name that people give it. */
import { isObject, readJson } from '../json.ts';
import { joinPath, under } from '../paths.ts';
import type { Project } from '../project.ts';
import { isSource } from './list.ts';

const STARTERS = [
  'dev',
  'start:dev',
  'dev:server',
  'server:dev',
  'develop',
  'start',
  'serve',
  'server',
  'start:prod',
  'prod',
  'watch',
  'build',
];
const FOLDERS = [
  'src',
  'server',
  'server/src',
  'src/server',
  'app',
  'lib',
  'api',
  'api/src',
  'backend',
  'backend/src',
  'source',
  '',
];
const NAMES = ['main', 'index', 'server', 'app', 'www', 'start', 'bootstrap'];
const ENDINGS = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.cts', '.tsx'];
const LISTENS =
  /\.listen\s*\(|\bserve\s*\(|NestFactory\.create|createServer\s*\(|createHTTPServer\s*\(|\blistenAsync\b|export default (?:app|\{)/;

/** @returns the path relative to the tree's root, `undefined` where nothing tells. */
export function findEntry(project: Project): string | undefined {
  return fromScripts(project) ?? fromMain(project) ?? fromNames(project);
}

function fromScripts(project: Project): string | undefined {
  // Scripts of a manifest that serves many apps tell nothing of one of them.
  if (project.integrated) return undefined;
  const { scripts } = project.manifest;
  const watched = nodemonCommand(project);
  for (const name of STARTERS) {
    const script = scripts[name];
    if (script === undefined) continue;
    if (/\bnest start\b/.test(script)) return existing(project, 'src/main');
    const command = watched !== undefined && /\bnodemon\s*$/.test(script) ? watched : script;
    const found = entryOfCommand(project, command) ?? entryOfCommand(project, calledScripts(scripts, script));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a bare `nodemon` runs. */
function nodemonCommand(project: Project): string | undefined {
  const text = project.tree.read(under(project.app, 'nodemon.json'));
  const result = text === undefined ? undefined : readJson(text, true);
  const config = result?.ok ? result.value : project.manifest.fields['nodemonConfig'];
  const exec = isObject(config) ? (config['exec'] ?? config['script']) : undefined;
  return typeof exec === 'string' ? exec : undefined;
}

/** Commands of the scripts that a script runs: `npm run build && npm run server`. */
function calledScripts(scripts: Readonly<Record<string, string>>, script: string): string {
  const names = script.matchAll(/\b(?:npm|pnpm|yarn|bun)(?: run)? ([\w:.-]+)|\b(?:npm|pnpm|yarn):([\w:.-]+)/g);
  return [...names].map(([, plain, prefixed]) => scripts[plain ?? prefixed ?? ''] ?? '').join(' && ');
}

function entryOfCommand(project: Project, command: string): string | undefined {
  // Arguments of options such as `--config x.js`, `--require ./y.js` are no entries.
  const plain = command.replace(
    /(?:^|\s)(?:-r|--require|-c|--config|--import|--loader|--experimental-loader|-p|--project|--env-file(?:-if-exists)?|--ignore|-w|--watch-path|--tsconfig)[= ]\S+/g,
    ' ',
  );
  for (const [token] of plain.matchAll(/[\w@./-]+/g)) {
    if (
      !/\.[cm]?[jt]sx?$|^(?:\.\/)?(?:[\w-]+\/)+[\w-]+$/.test(token) ||
      /config|node_modules|jest|\.d\.ts$/.test(token)
    )
      continue;
    const found = sourceOf(project, token);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fromMain(project: Project): string | undefined {
  const { main } = project.manifest;
  return main === undefined || project.integrated ? undefined : sourceOf(project, main);
}

/**
 * The source behind a path that may name build output: `dist/server.js` is `src/server.ts`. What `lib/` or
 * `bin/` holds may be sources too, so there only a twin under `src` counts.
 */
export function sourceOf(project: Project, named: string): string | undefined {
  const path = named.replace(/^\.\//, '');
  const [, folder, rest] = /^(\.?dist|build|out|output|lib|\.build|bin|prod)\/(.+)$/.exec(path) ?? [];
  if (folder === undefined || rest === undefined) return existing(project, path);
  const twin = existing(project, under('src', rest));
  if (twin !== undefined) return twin;
  if (folder === 'lib' || folder === 'bin') return existing(project, path) ?? existing(project, rest);
  return existing(project, rest) ?? existing(project, under('server', rest));
}

/** The file itself, or the one of the same stem with a source's ending, or the folder's index. */
function existing(project: Project, path: string): string | undefined {
  const inApp = joinPath(project.app, path);
  if (inApp === undefined) return undefined;
  const { tree } = project;
  if (isSource(inApp) && tree.isFile(inApp)) return inApp;
  const stem = inApp.replace(/\.[cm]?[jt]sx?$/, '');
  for (const ending of ENDINGS) if (tree.isFile(stem + ending)) return stem + ending;
  for (const ending of ENDINGS) if (tree.isFile(`${stem}/index${ending}`)) return `${stem}/index${ending}`;
  // express-generator's `bin/www` has no ending.
  return /(?:^|\/)bin\/\w+$/.test(stem) && tree.isFile(stem) ? stem : undefined;
}

/** True where the text binds a port or hands an app to a runtime that does. */
export function listens(text: string): boolean {
  return LISTENS.test(text);
}

function fromNames(project: Project): string | undefined {
  const known = new Set(project.sources());
  let first: string | undefined;
  for (const folder of FOLDERS) {
    for (const name of NAMES) {
      for (const ending of ENDINGS) {
        const path = under(project.app, under(folder, name + ending));
        if (!known.has(path)) continue;
        if (listens(project.tree.read(path) ?? '')) return path;
        first ??= path;
      }
    }
  }
  return first;
}
