/** The app's own source files, and the few of them that are read to learn its habits. */
import type { ReadTree } from '../../plan/tree.ts';
import { baseOf, isInside, under, within } from '../paths.ts';
import type { SourceFile } from '../project.ts';

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const TEST =
  /(?:^|\/)(?:__tests__|__mocks__|tests?|specs?|e2e|cypress|playwright|fixtures|mocks?|stories)\/|[.-](?:test|spec|e2e|stories|cy)\.[cm]?[jt]sx?$/i;
const FOREIGN =
  /(?:^|\/)(?:node_modules|dist|build|out|coverage|public|static|vendor|generated|migrations?|seeds?|seeders|scripts?|docs?|examples?|\.[^/]+)\//;
const TOOLING =
  /(?:^|\/)(?:\.[^/]+|[\w-]+\.config|[\w.-]*rc|gulpfile|gruntfile|webpack[\w.]*|jest[\w.]*|vitest[\w.]*|knexfile|ormconfig|package-scripts|ecosystem[\w.]*)\.[cm]?[jt]sx?$/i;

const SAMPLE_SIZE = 14;
/** Longer files are bundles or tables; neither tells how people write here. */
const LONGEST = 60_000;

export function isSource(path: string): boolean {
  return SOURCE.test(path) && !/\.d\.[cm]?ts$/.test(path) && !path.endsWith('.min.js');
}

/** Paths of the app's sources, breadth first: no tests, declarations, tool configuration, nested packages. */
export function listSources(tree: ReadTree, app: string): readonly string[] {
  const nested = nestedPackages(tree, app);
  const own = (path: string): boolean => {
    if (!isSource(path)) return false;
    const inApp = within(path, app);
    return (
      !TEST.test(inApp) &&
      !FOREIGN.test(inApp) &&
      !TOOLING.test(inApp) &&
      !nested.some((folder) => isInside(path, folder))
    );
  };
  return tree.walk(app, { depth: 6, limit: 2000, filter: own }).filter(own);
}

/** The entry and files spread evenly over the rest, with their texts. */
export function sampleSources(
  tree: ReadTree,
  sources: readonly string[],
  entry: string | undefined,
): readonly SourceFile[] {
  const rest = sources.filter((path) => path !== entry);
  const step = Math.max(1, rest.length / SAMPLE_SIZE);
  const chosen = entry === undefined ? [] : [entry];
  for (let at = 0; at < rest.length && chosen.length < SAMPLE_SIZE; at += step) chosen.push(rest[Math.floor(at)]!);
  return chosen.flatMap((path) => {
    const text = tree.read(path);
    return text === undefined || text.length > LONGEST ? [] : [{ path, text }];
  });
}

/** Folders of the app that are packages of their own: a `client/`, the members of a workspace. */
function nestedPackages(tree: ReadTree, app: string): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string, depth: number): void => {
    for (const name of tree.list(folder)) {
      if (!name.endsWith('/') || name.startsWith('.') || FOREIGN.test(name)) continue;
      const path = under(folder, name.slice(0, -1));
      // A manifest of two lines that only sets `type` does not make a package.
      if (tree.isFile(under(path, 'package.json')) && baseOf(path) !== 'src') found.push(path);
      else if (depth > 1 || name.startsWith('@')) visit(path, depth - 1);
    }
  };
  visit(app, 2);
  return found;
}
