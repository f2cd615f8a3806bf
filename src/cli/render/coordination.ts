/** The file that opens what `--with` names of @paxx/redis: its imports, and which parts of the template it has. */
import path from 'node:path';
import type { Host } from '../hosts/host.ts';
import { ENTRIES, MIDDLEWARE, PARTS, PORT, PRIMITIVES, type Entry, type Names } from './coordination-parts.ts';
import { builtin, importOf, importTypeOf, usesRequire } from './imports.ts';
import { importPath } from './relative-import.ts';
import type { Scene } from './scene.ts';
import { renderTemplate } from './templates.ts';

/** How the functions of the file are used, in the templates' style: their import, and a line for each piece. */
export function exampleOf(host: Host, pieces: readonly string[], from: string): string {
  const functions = pieces.map((piece) => PARTS[piece]!.functions[0]!);
  const lines = pieces.map((piece) => PARTS[piece]!.example);
  return `${importOf(host, list(host, 'import', functions.toSorted(), from), from)}\n\n${lines.join('\n')}\n`;
}

/** Whether any of them talks to Redis. */
export function needsPort(pieces: readonly string[]): boolean {
  return pieces.some((piece) => piece !== 'coalescer');
}

/** In the templates' style. */
export function renderCoordination(scene: Scene, file: string, pieces: readonly string[]): string {
  const { host } = scene;
  const entry = entryOf(host);
  const parts = pieces.map((piece) => PARTS[piece]!);
  const middleware = entry === undefined ? [] : middlewareOf(entry, pieces);
  const port = needsPort(pieces);
  const primitives = pieces.some((piece) => piece !== 'coalescer' && piece !== 'cache');
  const stops = pieces.includes('queue') || pieces.includes('leader');
  const redisPath = importPath(file, scene.redis, host);
  const values = gather([
    ...(port ? [{ [PORT]: ['createPort'] }] : []),
    ...(primitives ? [{ [PRIMITIVES]: ['createPrimitives'] }] : []),
    ...parts.map((part) => part.values ?? {}),
    ...middleware.map((one) => one.values),
  ]);
  const types = gather([
    ...(port ? [{ [PORT]: ['RedisPort'] }] : []),
    ...(primitives ? [{ [PRIMITIVES]: ['Primitives'] }] : []),
    ...parts.map((part) => part.types ?? {}),
    ...middleware.map((one) => one.types),
  ]);
  const view = {
    ...scene.view,
    strict: usesRequire(host) ? "'use strict';\n" : '',
    has: Object.fromEntries(Object.keys(PARTS).map((name) => [camel(name), pieces.includes(name)])),
    port,
    primitives,
    stops,
    express: host.framework === 'express',
    fastify: host.framework === 'fastify' && entry !== undefined,
    hono: host.framework === 'hono',
    nest: host.framework === 'nest' && middleware.length > 0,
    next: host.framework === 'next' && middleware.length > 0,
    redisPath,
    cachePath: importPath(file, scene.cache, host),
    imports: importLines(host, { values, types, stops }, port ? [redisPath, ownNames(pieces)] : undefined),
    exports: [
      ...parts.flatMap(({ functions }) => functions),
      ...middleware.map(({ name }) => name),
      ...(port ? ['coordination'] : []),
    ]
      .map((name) => `  ${name},`)
      .join('\n'),
  };
  return `${renderTemplate('infra/redis/coordination.hbs', view, scene.helpers).trimEnd()}\n`;
}

/** Beside the connection's file, and ending as it does. */
export function coordinationFile({ redis }: Pick<Scene, 'redis'>): string {
  const { dir, base } = path.posix.parse(redis);
  return path.posix.join(dir, base.replace(/^redis/, 'coordination'));
}

function entryOf({ framework, frameworkMajor }: Host): Entry | undefined {
  const entry = ENTRIES[framework];
  return (frameworkMajor ?? Infinity) < (entry?.since ?? 0) ? undefined : entry;
}

/** What the file exports for the framework, and what it takes of the framework's entry for that. */
function middlewareOf(
  { module, types, options, whole }: Entry,
  pieces: readonly string[],
): readonly { name: string; values: Names; types: Names }[] {
  const wanted = pieces.filter((piece) => MIDDLEWARE[piece] !== undefined);
  if (whole !== undefined) return wanted.length === 0 ? [] : [{ ...whole, types }];
  return wanted.map((piece) => {
    const { name, uses, types: own } = MIDDLEWARE[piece]!;
    return options === undefined
      ? { name, values: { [module]: [uses] }, types: { ...types, ...own } }
      : { name, values: {}, types: { ...types, ...own, [module]: [options[piece]!] } };
  });
}

/** What the file takes of the connection's. */
function ownNames(pieces: readonly string[]): readonly string[] {
  return ['closeWithRedis', 'createRedisClient', ...(pieces.includes('queue') ? ['logRedis'] : []), 'redisPrefix'];
}

function importLines(
  host: Host,
  { values, types, stops }: { values: Names; types: Names; stops: boolean },
  own: readonly [string, readonly string[]] | undefined,
): string {
  const modules = [...new Set([...Object.keys(types), ...Object.keys(values)])].toSorted();
  const lines = modules.flatMap((module) => [
    ...(types[module] && host.language === 'typescript'
      ? [importTypeOf(host, list(host, 'import type', types[module], module), module)]
      : []),
    ...(values[module] ? [importOf(host, list(host, 'import', values[module], module), module)] : []),
  ]);
  const timers = builtin(host, 'timers/promises');
  const sleep = usesRequire(host) ? '{ setTimeout: sleep }' : '{ setTimeout as sleep }';
  return [
    ...(stops ? [importOf(host, sleep, timers), ''] : []),
    ...lines,
    ...(own ? ['', importOf(host, list(host, 'import', own[1], own[0]), own[0])] : []),
  ].join('\n');
}

/** Below each other where the statement would not fit into a line. */
function list({ style }: Host, keyword: string, names: readonly string[], module: string): string {
  const line = `{ ${names.join(', ')} }`;
  const { length } = `${keyword} ${line} from '${module}'${style.semicolons ? ';' : ''}`;
  return length <= (style.lineWidth ?? 80) ? line : `{\n${names.map((name) => `  ${name},\n`).join('')}}`;
}

/** The names of all, in order, each once. */
function gather(all: readonly Names[]): Record<string, readonly string[]> {
  const gathered: Record<string, readonly string[]> = {};
  for (const names of all) {
    for (const [module, added] of Object.entries(names)) {
      gathered[module] = [...new Set([...(gathered[module] ?? []), ...added])].toSorted();
    }
  }
  return gathered;
}

function camel(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
