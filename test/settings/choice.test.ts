/** Which place is chosen where a host has several, and what is said where none is certain. */
import { describe, expect, test } from 'vitest';
import { compilerRequests } from '../../src/cli/editors/typescript/compiler.ts';
import { planSettings } from '../../src/cli/settings/index.ts';
import { memoryTree } from '../support/memory-tree.ts';
import { hostWith, REDIS_URL } from './host.ts';

const plan = (files: Record<string, string>, path?: string) =>
  planSettings({
    tree: memoryTree(files),
    host: hostWith(),
    variable: REDIS_URL,
    ...(path === undefined ? {} : { path }),
  });

const object = (name: string) => `export const ${name} = {\n  port: process.env.PORT,\n  host: process.env.HOST,\n};\n`;

describe('choice', () => {
  test('a checked schema outweighs any object', async () => {
    const result = await plan({
      'src/config/index.ts': object('config'),
      'src/server-env.ts': `import { z } from 'zod';\nexport const checked = z.object({ PORT: z.string() }).parse(process.env);\n`,
    });
    expect(result).toMatchObject({ status: 'planned', dialect: 'zod', access: { name: 'checked' } });
  });

  test('two objects of one weight are a question', async () => {
    const result = await plan({ 'src/config.ts': object('config'), 'src/settings.ts': object('settings') });
    expect(result).toMatchObject({
      status: 'ambiguous',
      candidates: [
        { path: 'src/config.ts', line: 1, dialect: 'object' },
        { path: 'src/settings.ts', line: 1, dialect: 'object' },
      ],
    });
    expect(result.status === 'ambiguous' && result.snippet).toBe(
      "redisUrl: process.env.REDIS_URL || 'redis://localhost:6379',",
    );
  });

  test('the question is answered by a path', async () => {
    const files = { 'src/config.ts': object('config'), 'src/settings.ts': object('settings') };
    expect(await plan(files, 'src/settings.ts')).toMatchObject({
      status: 'planned',
      access: { path: 'src/settings.ts' },
    });
  });

  test('a path without settings is refused with a snippet', async () => {
    const result = await plan({ 'src/app.ts': 'export const a = 1;\n' }, 'src/app.ts');
    expect(result).toMatchObject({ status: 'ambiguous', candidates: [{ path: 'src/app.ts', dialect: 'unknown' }] });
  });

  test('tests, tools, declarations and nested packages are no settings', async () => {
    const result = await plan({
      'package.json': '{}',
      'test/config.ts': object('config'),
      'src/config.test.ts': object('config'),
      'next.config.js': object('config'),
      'knexfile.js': object('config'),
      'examples/config.ts': object('config'),
      'client/package.json': '{}',
      'client/src/config.ts': object('config'),
      'src/config.d.ts': 'export declare const config: { port: string };\n',
    });
    expect(result).toEqual({ status: 'none', access: { kind: 'process-env' }, edits: [] });
  });

  test('client schemas are left alone', async () => {
    const result = await plan({
      'src/env.ts': `import { z } from 'zod';\nexport const clientEnv = z.object({ NEXT_PUBLIC_A: z.string() }).parse(process.env);\n`,
    });
    expect(result.status).toBe('none');
  });

  test('a broken file elsewhere does not stand in the way', async () => {
    const result = await plan({
      'src/broken.config.ts': 'export const config = { port: process.env.PORT, (;\n',
      'src/env.ts': `import { z } from 'zod';\nexport const env = z.object({ PORT: z.string() }).parse(process.env);\n`,
    });
    expect(result).toMatchObject({ status: 'planned', dialect: 'zod' });
  });

  test('a host with nothing to edit never loads the compiler', async () => {
    const before = compilerRequests();
    await plan({ 'src/index.ts': 'app.listen(process.env.PORT);\n' });
    expect(compilerRequests()).toBe(before);
  });

  test('a variable of another kind follows the same road', async () => {
    const result = await planSettings({
      tree: memoryTree({
        'src/env.ts': `import { z } from 'zod';\nexport const env = z.object({\n  PORT: z.string(),\n}).parse(process.env);\n`,
      }),
      host: hostWith(),
      variable: { name: 'QUEUE_NAME', kind: 'string', default: "it's", description: 'Queue', sensitive: false },
    });
    expect(result).toMatchObject({ access: { expression: 'env.QUEUE_NAME' } });
    const outcome = result.status === 'planned' ? result.edits[0]?.outcome : undefined;
    expect(outcome?.status === 'changed' && outcome.text).toContain("  QUEUE_NAME: z.string().default('it\\'s'),\n");
  });
});

test('what a variable is for stands in code as one short phrase', async () => {
  const variable = { ...REDIS_URL, description: 'Redis connection URL (redis:// or rediss://).' };
  const schema = `import Joi from 'joi';\nexport const env = Joi.attempt(process.env, Joi.object({\n  PORT: Joi.number().description('the port'),\n}));\n`;
  const result = await planSettings({ tree: memoryTree({ 'src/env.ts': schema }), host: hostWith(), variable });
  expect(result).toMatchObject({ status: 'planned', dialect: 'joi' });
  const [edit] = result.status === 'planned' ? result.edits : [];
  expect(edit?.outcome.status === 'changed' && edit.outcome.text).toContain(".description('Redis connection URL'),");
});
