/**
 * The rendered files compile without an error under compilers and options of many years.
 * A few pairs by default, all of them with PAXX_FULL=1.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { renderModule, type ClientName } from '../../src/cli/render/index.ts';
import { installPackages } from '../support/packages.ts';
import { fakeHost } from './hosts.ts';

const CLIENTS: readonly (readonly [ClientName, string])[] = [
  ['ioredis', '5.11.1'],
  ['redis', '6.3.1'],
  ['ioredis', '6.0.0'],
  ['redis', '5.12.1'],
  ['redis', '4.7.1'],
  ['ioredis', '4.31.0'],
];

interface Compiler {
  readonly version: string;
  /** Of @types/node that goes with it. */
  readonly node: string;
  readonly options: readonly string[];
}

const OLD = { strict: true, target: 'es5', lib: ['es2015'], module: 'commonjs', moduleResolution: 'node' };
const PLAIN = { strict: true, target: 'es2019', module: 'commonjs', moduleResolution: 'node', esModuleInterop: true };
const LOOSE = { ...PLAIN, strict: false, esModuleInterop: false };
const STRICTEST = {
  strict: true,
  target: 'es2022',
  module: 'nodenext',
  moduleResolution: 'nodenext',
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noImplicitReturns: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  isolatedModules: true,
  allowUnreachableCode: false,
};
const NODE_RUN = {
  ...STRICTEST,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
  isolatedDeclarations: true,
  declaration: true,
};
const BUNDLER = { strict: true, target: 'es2022', lib: ['es2022', 'dom'], module: 'esnext', moduleResolution: 'bundler' };

const OPTIONS: Readonly<Record<string, Record<string, unknown>>> = { OLD, PLAIN, LOOSE, STRICTEST, NODE_RUN, BUNDLER };

const COMPILERS: readonly Compiler[] = [
  { version: '3.6.5', node: '12.7.12', options: ['OLD', 'PLAIN', 'LOOSE'] },
  { version: '3.9.10', node: '14.18.63', options: ['OLD', 'PLAIN'] },
  { version: '4.1.6', node: '14.18.63', options: ['OLD', 'PLAIN'] },
  { version: '4.9.5', node: '18.19.130', options: ['OLD', 'PLAIN', 'LOOSE', 'STRICTEST'] },
  { version: '5.4.5', node: '20.19.43', options: ['OLD', 'PLAIN', 'STRICTEST', 'BUNDLER'] },
  { version: '5.9.3', node: '20.19.43', options: ['PLAIN', 'LOOSE', 'STRICTEST', 'NODE_RUN', 'BUNDLER'] },
  { version: '6.0.3', node: '20.19.43', options: ['STRICTEST', 'NODE_RUN', 'BUNDLER'] },
  { version: '7.0.2', node: '20.19.43', options: ['STRICTEST', 'NODE_RUN', 'BUNDLER'] },
];

const SHORT = new Set([
  '3.6.5 OLD ioredis 5.11.1',
  '3.6.5 PLAIN redis 6.3.1',
  '4.9.5 PLAIN ioredis 5.11.1',
  '5.9.3 STRICTEST ioredis 4.31.0',
  '7.0.2 NODE_RUN ioredis 5.11.1',
  '7.0.2 NODE_RUN ioredis 6.0.0',
  '7.0.2 NODE_RUN redis 4.7.1',
  '7.0.2 NODE_RUN redis 5.12.1',
  '7.0.2 NODE_RUN redis 6.3.1',
  '7.0.2 BUNDLER ioredis 5.11.1',
]);

/** The module as an app uses it: the types that come out must fit without a cast. */
const USER = `
import { cache, cacheDelete, cacheGet, cacheSet, createCache, getRedis } from './cache';
import { closeRedis, configureRedis, redisHealth } from './redis';

export async function use(ttl: number | undefined): Promise<string> {
  configureRedis({ log: () => undefined });
  const user: { id: number } = await cache.getOrCompute('user', { ttl: 60 }, () => ({ id: 1 }));
  const count: number = await cache.getOrCompute('count', { ttl, lease: 5 }, async () => 1);
  const many: Array<string | undefined> = await cache.getMany<string>(['a', 'b']);
  const text: string | undefined = await cacheGet<string>('text');
  const stored: boolean = (await cacheSet('text', 'value', 60)) && (await cache.set('k', user));
  await cache.setMany({ a: 1, b: null }, { ttl });
  await cache.namespace('users').deleteMany(['a']);
  await createCache({ serializer: JSON, namespace: 'x', ttl }).delete('k');
  await cacheDelete('k');
  const redis = await getRedis();
  await redis.set('raw', 'value');
  const raw: string | null = await redis.get('raw');
  const health = await redisHealth();
  const status: 'healthy' | 'degraded' | 'unhealthy' = health.status;
  await closeRedis();
  return [user.id, count, many.length, text, stored, raw, status, health.latencyMs, health.message].join();
}
`;

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

describe('TypeScript', () => {
  for (const compiler of COMPILERS) {
    for (const options of compiler.options) {
      for (const [client, version] of CLIENTS) {
        const name = `${compiler.version} ${options} ${client} ${version}`;
        if (process.env['PAXX_FULL'] !== '1' && !SHORT.has(name)) continue;
        test(name, { timeout: 120_000 }, ({ skip }) => {
          const errors = compile(compiler, options, client, version);
          skip(errors === undefined, 'npm cannot install');
          expect(errors).toBe('');
        });
      }
    }
  }
});

/** @returns what the compiler says, `undefined` where the packages cannot be installed */
function compile(compiler: Compiler, optionsName: string, client: ClientName, version: string): string | undefined {
  const typescript = installPackages([`typescript@${compiler.version}`]);
  const modules = installPackages([`${client}@${version}`, `@types/node@${compiler.node}`]);
  if (!typescript || !modules) return undefined;
  const options = OPTIONS[optionsName]!;
  const root = mkdtempSync(path.join(os.tmpdir(), 'paxx-types-'));
  roots.push(root);
  symlinkSync(modules, path.join(root, 'node_modules'));
  mkdirSync(path.join(root, 'src'));
  const [major = 0, minor = 0] = compiler.version.split('.').map(Number);
  const importEnding = optionsName === 'NODE_RUN' ? '.ts' : optionsName === 'STRICTEST' ? '.js' : '';
  const host = fakeHost({
    moduleFolder: 'src',
    importEnding,
    typescript: {
      version: { major, minor },
      noPropertyAccessFromIndexSignature: 'noPropertyAccessFromIndexSignature' in options,
      esModuleInterop: options['esModuleInterop'] === true,
      strict: options['strict'] === true,
    },
  });
  const files = renderModule(host, { kind: 'process-env' }, { client, clientRange: version }).files;
  for (const file of files) writeFileSync(path.join(root, file.path), file.text);
  writeFileSync(path.join(root, 'src/user.ts'), USER.replaceAll(/'(\.\/\w+)'/g, `'$1${importEnding}'`));
  writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
  const compilerOptions = { ...options, types: ['node'], skipLibCheck: true, noEmit: true };
  writeFileSync(path.join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const tsc = path.join(typescript, 'typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, '-p', root, '--pretty', 'false'], { encoding: 'utf8' }).stdout;
}
