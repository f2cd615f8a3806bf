/** The few files of a host that can hold its settings, read once and outlined on demand. */
import { outlineOf, type Outline } from '../editors/typescript/outline.ts';
import type { Host } from '../hosts/host.ts';
import type { ReadTree } from '../plan/tree.ts';

export interface Sources {
  /** Paths whose text passes the filter and which may hold settings, likeliest names first. */
  readonly paths: readonly string[];
  text(path: string): string | undefined;
  /** @returns undefined when the file is missing or our lexer cannot read it. */
  outline(path: string): Outline | undefined;
  /** The file that a relative import, a `#` import or a tsconfig alias means. */
  resolve(from: string, specifier: string): string | undefined;
  /** Take an outline made elsewhere, for a file that our lexer cannot read. */
  adopt(path: string, outline: Outline): void;
  /** Files of workspace packages that the app depends on, with the package's name. */
  workspace(): readonly { readonly path: string; readonly package: string }[];
  /** All source files of the app. */
  all(): readonly string[];
}

const SOURCE = /\.[cm]?[jt]s$/;
const NEVER =
  /\.d\.[cm]?ts$|\.(?:test|spec|e2e|stories|mock|bench)\.|(?:^|\/)(?:node_modules|dist|build|out|coverage|public|static|assets|vendor|__tests__|__mocks__|tests?|e2e|cypress|playwright|spec|specs|fixtures|mocks|examples?|samples?|docs?|migrations?|seeds?|seeders?|scripts|benchmarks?|storybook|\.[^/]+)\//;
/** Configuration of tools: it may read the environment, but the app does not read it. */
const TOOLING =
  /(?:^|\/)(?:\.?(?:next|vite|vitest|jest|webpack|rollup|rolldown|tailwind|postcss|babel|drizzle|prisma|playwright|cypress|nuxt|astro|svelte|eslint|prettier|commitlint|tsup|tsdown|metro|remix|react-router|sentry[.\w]*|open-next|mikro-orm|payload|sanity|codegen|graphql|release|lint-staged|stylelint|karma|ava|unocss|moleculer|nitro)\.config|medusa-config|keystone|adonisrc|knexfile|ormconfig|data-source|gulpfile|gruntfile|ecosystem(?:\.config)?|\.eslintrc|\.mocharc|instrumentation)\.[cm]?[jt]s$/i;
const CLIENT_FOLDER = /(?:^|\/)(?:client|frontend|front-end|webapp|ui|components|pages|views|hooks|stores?)\//i;
const LIBRARY =
  /cleanEnv|createEnv|envalid|convict|@nestjs\/config|env-schema|@fastify\/env|fastify-env|Env\.create|Env\.rules|env-var|znv|ts-dotenv|env-sentry|\benv: *['"][A-Z][A-Z0-9_]+['"]/;
const ENVIRONMENT =
  /process\.env\b|process\[['"]env['"]\]|\benv\s*\}\s*=\s*process\b|Bun\.env|from ['"](?:node:)?process['"]/;
const VALIDATOR =
  /['"](?:zod(?:\/\w+)?|joi|@hapi\/joi|valibot|yup|arktype|@sinclair\/typebox|typebox|superstruct|class-validator)['"]/;
const SETTINGS_NAME =
  /(?:^|[/._-])(?:env|envs|environment|config|configs|configuration|settings|constants|secrets|vars|validation|validate)(?:[/._-]|$)/i;
/** A helper that is asked for a variable by name, in a file that never mentions `process.env` itself. */
const HELPER = /\b\w*(?:[eE]nv|[cC]onfig|[rR]equired?|[oO]ptional)\w*\(\s*['"][A-Z][A-Z0-9_]+['"]/;
const MAX_LENGTH = 300_000;

export function openSources(tree: ReadTree, host: Host, only?: string): Sources {
  const texts = new Map<string, string | undefined>();
  const outlines = new Map<string, Outline | undefined>();
  const text = (path: string) => {
    if (!texts.has(path)) texts.set(path, tree.read(path));
    return texts.get(path);
  };
  const outline = (path: string) => {
    if (!outlines.has(path)) {
      const source = text(path);
      outlines.set(path, source === undefined ? undefined : outlineOf(path, source));
    }
    return outlines.get(path);
  };
  const resolver = { tree, host, text };
  const candidates = only === undefined ? settingsFiles(tree, host.app) : [only];
  return {
    paths: candidates.filter((path) => only !== undefined || mayHoldSettings(path, text(path))).toSorted(byLikelihood),
    text,
    outline,
    resolve: (from, specifier) => resolve(resolver, from, specifier),
    adopt: (path, adopted) => void outlines.set(path, adopted),
    workspace: () =>
      only === undefined ? workspaceFiles(tree, host).filter(({ path }) => mayHoldSettings(path, text(path))) : [],
    all: () => tree.walk(host.app, { filter: (path) => /\.[cm]?[jt]sx?$/.test(path) }),
  };
}

/** Sources below a folder, without those of packages nested in it. */
function settingsFiles(tree: ReadTree, folder: string): string[] {
  const found = tree.walk(folder, { filter: (path) => SOURCE.test(path) || path.endsWith('/package.json') });
  const prefix = folder === '' ? '' : `${folder}/`;
  const nested = found
    .filter((path) => path.endsWith('/package.json') && path !== `${prefix}package.json`)
    .map((path) => path.slice(0, -'package.json'.length));
  return found.filter((path) => {
    const own = path.slice(prefix.length);
    return (
      SOURCE.test(path) && !NEVER.test(own) && !TOOLING.test(own) && !nested.some((other) => path.startsWith(other))
    );
  });
}

function mayHoldSettings(path: string, text: string | undefined): boolean {
  if (text === undefined || text.length > MAX_LENGTH) return false;
  if (CLIENT_FOLDER.test(path) && !SETTINGS_NAME.test(path.slice(path.lastIndexOf('/')))) return false;
  if (LIBRARY.test(text) || ENVIRONMENT.test(text)) return true;
  return SETTINGS_NAME.test(path) && (VALIDATOR.test(text) || HELPER.test(text));
}

function byLikelihood(a: string, b: string): number {
  const named = Number(SETTINGS_NAME.test(b)) - Number(SETTINGS_NAME.test(a));
  return named || a.split('/').length - b.split('/').length || (a < b ? -1 : 1);
}

/** Is the file called what people call settings files? */
export function hasSettingsName(path: string): boolean {
  return SETTINGS_NAME.test(path);
}

interface Resolver {
  readonly tree: ReadTree;
  readonly host: Host;
  readonly text: (path: string) => string | undefined;
}

function resolve({ tree, host, text }: Resolver, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return firstFile(tree, join(folderOf(from), specifier));
  for (const [pattern, targets] of aliases(host, text)) {
    const rest = matchAlias(pattern, specifier);
    if (rest === undefined) continue;
    for (const target of targets) {
      const found = firstFile(tree, join(host.app, target.replace('*', rest)));
      if (found !== undefined) return found;
    }
  }
  return /^[a-z@]/.test(specifier) ? firstFile(tree, join(host.app, specifier)) : undefined;
}

/** `paths` of the tsconfig and `imports` of the manifest, read loosely. */
function aliases({ app, manifest, typescript }: Host, text: Resolver['text']): [string, string[]][] {
  const found: [string, string[]][] = [];
  const prefix = app === '' ? '' : `${app}/`;
  for (const path of new Set([typescript?.config ?? `${prefix}tsconfig.json`, `${prefix}jsconfig.json`, manifest])) {
    const source = text(path) ?? '';
    const base = /"baseUrl"\s*:\s*"([^"]*)"/.exec(source)?.[1] ?? '.';
    const block = /"(?:paths|imports)"\s*:\s*\{([^}]*)\}/.exec(source)?.[1] ?? '';
    for (const [, pattern, targets] of block.matchAll(/"([^"]+)"\s*:\s*(\[[^\]]*\]|"[^"]*")/g)) {
      found.push([pattern!, [...targets!.matchAll(/"([^"]+)"/g)].map(([, target]) => `${base}/${target!}`)]);
    }
    if (base !== '.') found.push(['*', [`${base}/*`]]);
  }
  return found;
}

function matchAlias(pattern: string, specifier: string): string | undefined {
  if (!pattern.includes('*')) return pattern === specifier ? '' : undefined;
  const [head = '', tail = ''] = pattern.split('*');
  return specifier.startsWith(head) && specifier.endsWith(tail)
    ? specifier.slice(head.length, specifier.length - tail.length)
    : undefined;
}

function firstFile(tree: ReadTree, path: string): string | undefined {
  const stem = path.replace(/\.[cm]?js$/, '');
  const endings = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '/index.ts', '/index.js', '/index.mjs', '/index.cjs'];
  return [path, ...endings.map((ending) => stem + ending), ...endings.map((ending) => path + ending)].find(
    (one) => SOURCE.test(one) && tree.isFile(one),
  );
}

export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function join(folder: string, relative: string): string {
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

function workspaceFiles(tree: ReadTree, host: Host): { path: string; package: string }[] {
  if (!host.workspaceMember) return [];
  const manifests = tree.walk('', { depth: 4, filter: (path) => path.endsWith('package.json') });
  return manifests.flatMap((manifest) => {
    const folder = folderOf(manifest);
    const name = /"name"\s*:\s*"([^"]+)"/.exec(tree.read(manifest) ?? '')?.[1];
    if (name === undefined || folder === '' || folder === host.app || !(name in host.dependencies)) return [];
    return settingsFiles(tree, folder).map((path) => ({ path, package: name }));
  });
}
