/**
 * The public API as a reviewed text: every exported name with its signature. After a change that was meant:
 * `PAXX_UPDATE_API=1 npx vitest run --config test/vitest.config.ts test/api.test.ts`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Node, Project, type ExportedDeclarations } from 'ts-morph';
import { expect, test } from 'vitest';
import { builtCli } from './cli/support/built.ts';

const SURFACE = fileURLToPath(new URL('api-surface.md', import.meta.url));

/** As `exports` of package.json has them. */
const ENTRIES = [
  ['@paxx/cli', 'cli/index'],
  ['@paxx/cli/plugin', 'cli/commands/plugin'],
] as const;

const built = builtCli();

test('what is exported is what was reviewed', async () => {
  const sections = await Promise.all(ENTRIES.map(([name, file]) => surfaceOf(name, file)));
  const surface = `# Public API\n\n${sections.join('\n')}`;
  if (process.env['PAXX_UPDATE_API'] === '1') writeFileSync(SURFACE, surface);
  expect(surface).toBe(readFileSync(SURFACE, 'utf8'));
});

test('the package exports these entries and no others', () => {
  const manifest = JSON.parse(readFileSync(path.join(built.root, 'package.json'), 'utf8')) as { exports: object };
  const names = Object.keys(manifest.exports).map((entry) => `@paxx/cli${entry.slice(1)}`);
  expect(names.filter((name) => !name.endsWith('/package.json'))).toEqual(ENTRIES.map(([name]) => name));
});

async function surfaceOf(name: string, file: string): Promise<string> {
  const types = path.join(built.root, 'dist/types');
  const project = new Project({ compilerOptions: { noLib: true, types: [] }, skipAddingFilesFromTsConfig: true });
  project.addSourceFilesAtPaths(`${types}/**/*.d.ts`);
  const exported = project.getSourceFileOrThrow(path.join(types, `${file}.d.ts`)).getExportedDeclarations();
  const rows = [...exported].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, declarations]) => textsOf(declarations));
  const values = Object.keys((await import(path.join(built.root, 'dist', entryFile(name)))) as object).toSorted();
  return `## ${name}\n\nValues: ${values.join(', ')}\n\n\`\`\`ts\n${rows.join('\n')}\n\`\`\`\n`;
}

function entryFile(name: string): string {
  return name.endsWith('/plugin') ? 'cli/plugin.js' : 'cli/index.js';
}

/** Declarations as they are emitted, without comments: those may change freely. */
function textsOf(declarations: readonly ExportedDeclarations[]): string {
  return declarations
    .map((declaration) =>
      Node.isVariableDeclaration(declaration) ? declaration.getVariableStatementOrThrow() : declaration,
    )
    .map((node) => node.print({ removeComments: true }))
    .join('\n');
}
