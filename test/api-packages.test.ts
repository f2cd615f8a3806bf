/**
 * The public API of @paxx/redis and @paxx/server as reviewed texts: every exported name with its signature. After a
 * change that was meant: `PAXX_UPDATE_API=1 npx vitest run --config test/vitest.config.ts test/api-packages.test.ts`
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Node, Project, type ExportedDeclarations } from 'ts-morph';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types?: string }>>;
}

const ROOMS = ['redis', 'server'];

let types: string;
let project: Project;
beforeAll(() => {
  types = emitTypes();
  project = new Project({ compilerOptions: { noLib: true, types: [] }, skipAddingFilesFromTsConfig: true });
  project.addSourceFilesAtPaths(`${types}/**/*.d.ts`);
}, 120_000);
afterAll(() => rmSync(types, { recursive: true }));

it.for(ROOMS)('@paxx/%s exports what was reviewed', { timeout: 120_000 }, (room) => {
  const surfaceFile = path.join(ROOT, `test/api-surface-${room}.md`);
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'src', room, 'package.json'), 'utf8')) as Manifest;
  const surface = surfaceOf(manifest);
  if (process.env['PAXX_UPDATE_API'] === '1') writeFileSync(surfaceFile, surface);
  expect(surface).toBe(readFileSync(surfaceFile, 'utf8'));
});

/** From the sources as they are. */
function emitTypes(): string {
  const out = mkdtempSync(path.join(os.tmpdir(), 'paxx-api-'));
  const configFile = path.join(out, 'tsconfig.json');
  const compilerOptions = { rootDir: path.join(ROOT, 'src'), typeRoots: [path.join(ROOT, 'node_modules/@types')] };
  const include = ROOMS.map((room) => path.join(ROOT, 'src', room, '**/*.ts'));
  const config = {
    extends: path.join(ROOT, 'src/redis/tsconfig.json'),
    compilerOptions,
    include,
    exclude: ['**/dist'],
  };
  writeFileSync(configFile, JSON.stringify(config));
  const { status, stdout } = spawnSync(process.execPath, [TSC, '-p', configFile, '--outDir', out]);
  if (status !== 0) throw new Error(String(stdout));
  return out;
}

/** Each declaration once: where an entry only hands on what others have, it is a list of names. */
function surfaceOf({ name, exports }: Manifest): string {
  const told = new Set<Node>();
  const sections = new Map<string, string>();
  const entries = Object.entries(exports).flatMap(([entry, target]) =>
    typeof target === 'string' || target.types === undefined ? [] : [[entry, target.types] as const],
  );
  // The one that gathers the others last, so that theirs are the places of the declarations.
  for (const [entry, file] of entries.toSorted(([a], [b]) => depthOf(b) - depthOf(a))) {
    const source = project.getSourceFileOrThrow(path.join(types, file.replace('./dist/types/', '')));
    const exported = [...source.getExportedDeclarations()].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const names = exported.map(([exportedAs]) => exportedAs).join(', ');
    const fresh = exported.flatMap(([, declarations]) => declarations.filter((one) => !told.has(one)));
    for (const one of fresh) told.add(one);
    const text = fresh.length === 0 ? '' : `\n\`\`\`ts\n${fresh.map(textOf).join('\n')}\n\`\`\`\n`;
    sections.set(entry, `## ${name}${entry.slice(1)}\n\n${names}\n${text}`);
  }
  return `# Public API of ${name}\n\n${entries.map(([entry]) => sections.get(entry)).join('\n')}`;
}

function depthOf(entry: string): number {
  return entry === '.' ? 0 : 1;
}

/** As it is emitted, without what may change freely: comments, and what classes keep to themselves. */
function textOf(declaration: ExportedDeclarations): string {
  const node = Node.isVariableDeclaration(declaration) ? declaration.getVariableStatementOrThrow() : declaration;
  return node.print({ removeComments: true }).replaceAll(/^ +private .*\n/gm, '');
}
