/** Detection stays cheap: few files are read, and no compiler or parser library is loaded for it. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { detectHost } from '../../src/cli/hosts/detect.ts';
import { memoryTree } from '../support/memory-tree.ts';

const SOURCES = fileURLToPath(new URL('../../src/cli/hosts', import.meta.url));

it('reads a few dozen files of a large app', () => {
  const files: Record<string, string> = {
    'package.json': '{ "dependencies": { "express": "5" }, "devDependencies": { "typescript": "5.4.2" } }',
    'tsconfig.json': '{}',
    'src/index.ts': 'app.listen(1);\n',
  };
  for (let i = 0; i < 1500; i++) files[`src/modules/m${i % 50}/file${i}.ts`] = `export const a${i} = 1;\n`;
  const tree = memoryTree(files);
  expect(detectHost(tree)).toMatchObject({ status: 'found', host: { entry: 'src/index.ts' } });
  expect(new Set(tree.reads).size).toBeLessThan(90);
});

it('imports nothing but the project, apart from node: in root.ts', () => {
  const offenders = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'package-manager.ts')
    .flatMap((path) =>
      [...readFileSync(`${SOURCES}/${path}`, 'utf8').matchAll(/^import [^\n]*? from '([^.'][^']*)'/gm)].map(
        ([, name]) => `${path}: ${name}`,
      ),
    );
  expect(offenders.filter((line) => !line.startsWith('root.ts: node:'))).toEqual([]);
});
