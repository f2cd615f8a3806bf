/** Other programs: a yargs CLI that mounts the commands, one that plans and applies by itself, a compiler that checks it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type * as Api from '../../src/cli/index.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { builtCli, REPOSITORY } from './support/built.ts';
import { folder, put, smallApp, tree } from './support/folders.ts';
import { environment } from './support/process.ts';

/** A folder in which `@paxx/cli` is installed, and what its user has besides. */
function consumer(files: Readonly<Record<string, string>>): string {
  const root = folder({ 'package.json': '{ "type": "module" }\n', ...files });
  const modules = path.join(root, 'node_modules');
  mkdirSync(path.join(modules, '@paxx'), { recursive: true });
  for (const part of ['package.json', 'dist/cli', 'dist/types']) {
    cpSync(path.join(builtCli().root, part), path.join(modules, '@paxx/cli', part), { recursive: true });
  }
  mkdirSync(path.join(modules, '@types'));
  for (const name of ['yargs', '@types/yargs', '@types/yargs-parser', '@types/node', 'undici-types']) {
    symlinkSync(path.join(REPOSITORY, 'node_modules', name), path.join(modules, name));
  }
  return root;
}

function node(cwd: string, ...argv: readonly string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, argv, { cwd, encoding: 'utf8', env: environment() });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe('a yargs CLI', () => {
  const HOUSE = `import yargs from 'yargs';
import { infra } from '@paxx/cli/plugin';

await yargs(process.argv.slice(2)).scriptName('house').command(infra).command('build', 'Build it').strict().demandCommand(1).parseAsync();
`;

  test('mounts the commands', () => {
    const house = path.join(consumer({ 'house.js': HOUSE }), 'house.js');
    const app = smallApp();
    const before = tree(app);
    expect(node(app, house, '--help').out).toMatch(/house infra <command> +Add, inspect, upgrade and remove/);
    expect(node(app, house, 'infra', 'add', '--help').out).toContain('house infra add redis --diff --dry-run');
    expect(node(app, house, 'infra', 'list').out).toMatch(/^Available infrastructure:\n {2}redis /);
    expect(tree(app)).toEqual(before);

    const added = node(app, house, 'infra', 'add', 'redis', '--yes', '--no-install');
    expect([added.code, added.err]).toEqual([0, '']);
    expect(Object.keys(tree(app))).toContain('src/lib/cache.js');
    expect(node(app, house, 'infra', 'status').code).toBe(0);
    expect(node(app, house, 'infra', 'remove', 'redis', '--yes', '--no-install').code).toBe(0);
    expect(Object.keys(tree(app))).toEqual(Object.keys(before));
  });

  test('gets errors as errors', () => {
    const house = path.join(consumer({ 'house.js': HOUSE }), 'house.js');
    const { code, err } = node(folder(), house, 'infra', 'remove', 'redis', '--yes');
    expect([code, err]).toEqual([1, expect.stringContaining('redis was not added to this project by paxx')]);
  });
});

describe('a program', () => {
  test('plans, looks, applies', async () => {
    const file = path.join(builtCli().root, 'dist/cli/index.js');
    const api = (await import(pathToFileURL(file).href)) as typeof Api;
    const root = smallApp();
    const before = tree(root);
    const plan = await api.planInfra({ component: 'redis', cwd: root });
    expect(plan.conflicts).toEqual([]);
    expect(plan.operations.map((operation) => `${operation.kind} ${operation.path}`)).toEqual([
      'edit .env.example',
      'create .paxx/ledger.json',
      'edit compose.yaml',
      'edit package.json',
      'create src/lib/cache.js',
      'create src/lib/redis-routes.js',
      'create src/lib/redis.js',
    ]);
    await expect(api.planToJson(plan)).resolves.toMatchObject({ component: 'redis', hash: plan.hash });
    expect(await api.formatDiffs(await api.shownDiffs(plan.changes), { color: false })).toContain('+  redis:\n');
    expect(tree(root)).toEqual(before);

    const applied = await api.applyPlan(plan.root, plan);
    expect(applied).toEqual({ files: plan.changes.map((change) => change.path), installed: false });
    expect((await api.planInfra({ component: 'redis', cwd: root })).changes).toEqual([]);
    await expect(api.applyPlan(plan.root, plan)).rejects.toMatchObject({ name: 'PaxxError', code: 'STALE_PLAN' });
    await expect(api.planInfra({ component: 'mysql', cwd: root })).rejects.toMatchObject({
      exitCode: EXIT.UNKNOWN_COMPONENT.code,
    });
  });

  test('is checked by the compiler', () => {
    const root = consumer({
      'tsconfig.json': `{
  "compilerOptions": { "module": "NodeNext", "target": "ES2023", "strict": true, "noEmit": true, "types": ["node"], "lib": ["ES2023", "ESNext.Disposable"] },
  "files": ["use.ts"]
}
`,
      'use.ts': `import { applyPlan, EXIT, PaxxError, planInfra, type InfraPlan } from '@paxx/cli';
import { infra } from '@paxx/cli/plugin';
import yargs from 'yargs';

export async function add(cwd: string): Promise<number> {
  const plan: InfraPlan = await planInfra({ component: 'redis', cwd, host: 'express' });
  for (const { path, line = 1, reason } of plan.conflicts) console.error(\`\${path}:\${line} \${reason}\`);
  const { files } = await applyPlan(plan.root, plan, { signal: AbortSignal.timeout(60_000) });
  return files.length;
}
export const codeOf = (error: unknown): number => (error instanceof PaxxError ? error.exitCode : EXIT.FAILURE.code);
export const cli = yargs().command(infra);
`,
    });
    const tsc = path.join(REPOSITORY, 'node_modules/typescript/bin/tsc');
    expect(node(root, tsc, '-p', root)).toEqual({ code: 0, out: '', err: '' });
    put(root, {
      'use.ts': "import { planInfra } from '@paxx/cli';\n\nexport const plan = planInfra({ component: 1 });\n",
    });
    expect(node(root, tsc, '-p', root).out).toMatch(/use\.ts\(3,\d+\): error TS2/);
  });
});
