/** The house's import directions, enforced: who may import whom, no cycles, no dependency where none is allowed. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SHARED } from './vitest.config.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Room (path prefix) -> prefixes of project files it may import besides itself. */
const ALLOWED: Record<string, readonly string[]> = {
  'src/redis/protocol': [],
  'src/redis/commands': ['src/redis/protocol'],
  'src/redis/telemetry': [],
  'src/redis/port': ['src/redis/protocol', 'src/redis/commands', 'src/redis/telemetry'],
  'src/redis/primitives': ['src/redis/port', 'src/redis/telemetry'],
  'src/redis/cache': ['src/redis/port', 'src/redis/telemetry'],
  'src/redis': ['src/redis'],
  'src/server': ['src/redis', '@paxx/redis'],
  // The compiler's own door.
  'src/cli/editors': ['src/cli/code-cache.ts'],
  'src/cli/components': ['src/cli/settings/dialect.ts'],
  'src/cli/hosts': ['src/cli/plan/tree.ts', 'src/cli/editors'],
  'src/cli/settings': ['src/cli/editors', 'src/cli/hosts', 'src/cli/plan/tree.ts'],
  'src/cli/render': ['src/cli/hosts', 'src/cli/settings/dialect.ts'],
  'src/cli/plan': [
    'src/cli/editors',
    'src/cli/hosts',
    'src/cli/settings',
    'src/cli/components',
    'src/cli/render',
    'src/cli/errors.ts',
    'src/cli/exit-codes.ts',
  ],
  'src/cli': ['src/cli', 'src/redis', 'src/server', '@paxx/redis', '@paxx/server'],
};

/** Packages that the rooms may import by name; every other room of the CLI takes what package.json declares. */
const PACKAGES: Record<string, readonly string[]> = {
  'src/redis': [],
  // vitest: for its helper alone, whose users have it.
  'src/server': ['ws', 'vitest'],
};

const files = sources(join(root, 'src'));

describe('layers', () => {
  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it('lets each room import only what it may', () => {
    const forbidden = files.flatMap((file) => {
      const room = roomOf(file);
      const allowed = [room, ...(ALLOWED[room] ?? [])];
      const targets = importsOf(file).filter((target) => target.startsWith('src/') || target.startsWith('@paxx/'));
      return targets
        .filter((target) => !allowed.some((prefix) => target === prefix || target.startsWith(`${prefix}/`)))
        .map((target) => `${file} -> ${target}`);
    });
    expect(forbidden).toEqual([]);
  });

  it('keeps @paxx/redis free of dependencies and @paxx/server nearly so', () => {
    for (const [room, packages] of Object.entries(PACKAGES)) {
      const outside = files
        .filter((file) => file.startsWith(`${room}/`))
        .flatMap((file) =>
          importsOf(file)
            .filter((target) => isPackage(target) && !packages.includes(target))
            .map((target) => `${file} -> ${target}`),
        );
      expect(outside).toEqual([]);
    }
    const manifest = JSON.parse(readFileSync(join(root, 'src/redis/package.json'), 'utf8')) as {
      dependencies?: object;
    };
    expect(Object.keys(manifest.dependencies ?? {})).toEqual([]);
  });

  it('has no import cycles', () => {
    const graph = new Map(
      files.map((file) => [file, importsOf(file, { values: true }).filter((target) => target.startsWith('src/'))]),
    );
    expect(findCycle(graph)).toBeUndefined();
  });

  it('finds a cycle when there is one', () => {
    expect(
      findCycle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['a']],
        ]),
      ),
    ).toEqual(['a', 'b', 'c', 'a']);
  });
});

describe('tests whose modules are loaded once', () => {
  it('import none that registers hooks, which would run for the first file alone', () => {
    const known = new Set(sources(join(root, 'test')));
    const tests = [...known].filter((file) => file.endsWith('.test.ts') && isShared(file));
    expect(tests.length).toBeGreaterThan(50);
    const imported = new Set<string>();
    const visit = (file: string): void => {
      for (const target of importsOf(file)) {
        if (!known.has(target) || imported.has(target)) continue;
        imported.add(target);
        visit(target);
      }
    };
    for (const file of tests) visit(file);
    expect(imported).toContain('test/support/redis-server.ts');
    const hooks = [...imported].filter((file) =>
      /^(?:before|after)(?:Each|All)\(/m.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(hooks).toEqual([]);
  });
});

function isShared(file: string): boolean {
  return SHARED.some((room) => file.startsWith(`test/${room}/`));
}

function roomOf(file: string): string {
  const rooms = Object.keys(ALLOWED).filter((room) => file.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? file;
}

function isPackage(target: string): boolean {
  return !target.startsWith('src/') && !target.startsWith('node:') && !target.startsWith('@paxx/');
}

/** Targets of static and dynamic imports: project files as paths from the root, others as written. */
function importsOf(file: string, options: { values?: boolean } = {}): string[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const found: string[] = [];
  const statement = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\s+from\s+)?'([^']+)'/gm;
  for (const [, type, target] of text.matchAll(statement)) if (!(options.values && type)) found.push(target!);
  if (!options.values) for (const [, target] of text.matchAll(/\bimport\('([^']+)'\)/g)) found.push(target!);
  return found.map((target) => (target.startsWith('.') ? relative(root, join(root, dirname(file), target)) : target));
}

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    const seen = path.indexOf(node);
    if (seen !== -1) return [...path.slice(seen), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return undefined;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !/node_modules|\/dist\b/.test(entry.parentPath))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
