/** The renderings whose behaviour is proved, and how each becomes a folder that Node can run. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { ClientName } from '../../src/cli/render/index.ts';
import { renderModule } from '../../src/cli/render/index.ts';
import { installPackages } from '../support/packages.ts';
import { fakeHost, type HostFacts } from './hosts.ts';

export interface Variant {
  readonly name: string;
  readonly client: ClientName;
  readonly version: string;
  /** Version of the TypeScript that compiles it; none for JavaScript. */
  readonly typescript?: string;
  readonly module: 'esm' | 'commonjs';
}

export const VARIANTS: readonly Variant[] = [
  { name: 'ioredis 5, TypeScript, ESM', client: 'ioredis', version: '5.11.1', typescript: '5.9.3', module: 'esm' },
  { name: 'ioredis 5, TypeScript 3.6, ES5', client: 'ioredis', version: '5.11.1', typescript: '3.6.5', module: 'commonjs' },
  { name: 'ioredis 5, JavaScript, CommonJS', client: 'ioredis', version: '5.11.1', module: 'commonjs' },
  { name: 'ioredis 6, JavaScript, ESM', client: 'ioredis', version: '6.0.0', module: 'esm' },
  { name: 'ioredis 4, TypeScript, CommonJS', client: 'ioredis', version: '4.31.0', typescript: '5.9.3', module: 'commonjs' },
  { name: 'node-redis 4, JavaScript, CommonJS', client: 'redis', version: '4.7.1', module: 'commonjs' },
  { name: 'node-redis 5, TypeScript, ESM', client: 'redis', version: '5.12.1', typescript: '5.9.3', module: 'esm' },
  { name: 'node-redis 6, JavaScript, ESM', client: 'redis', version: '6.3.1', module: 'esm' },
];

export interface Prepared {
  /** To be removed afterwards. */
  readonly root: string;
  /** The module and a second copy of it. */
  readonly folders: readonly [string, string];
  /** One that replaces a silent connection after a tenth of a second, not ten. */
  readonly hasty: string;
  readonly ending: string;
}

/** @returns undefined where the client cannot be installed */
export function prepare(variant: Variant): Prepared | undefined {
  const modules = installPackages([`${variant.client}@${variant.version}`]);
  if (!modules) return undefined;
  const compile = compiler(variant);
  if (!compile) return undefined;
  const root = mkdtempSync(path.join(os.tmpdir(), 'paxx-module-'));
  const type = variant.module === 'esm' ? 'module' : 'commonjs';
  writeFileSync(path.join(root, 'package.json'), JSON.stringify({ type }));
  symlinkSync(modules, path.join(root, 'node_modules'));
  const first = path.join(root, 'first');
  mkdirSync(first);
  const files = renderModule(hostOf(variant), { kind: 'process-env' }, {
    client: variant.client,
    clientRange: variant.version,
  }).files;
  for (const file of files) {
    const name = path.basename(file.path).replace(/\.ts$/, '.js');
    writeFileSync(path.join(first, name), compile(file.text));
  }
  const second = path.join(root, 'second');
  cpSync(first, second, { recursive: true });
  const hasty = path.join(root, 'hasty');
  cpSync(first, hasty, { recursive: true });
  const connection = readFileSync(path.join(first, 'redis.js'), 'utf8');
  writeFileSync(path.join(hasty, 'redis.js'), connection.replace('SILENCE_LIMIT = 10000', 'SILENCE_LIMIT = 100'));
  return { root, folders: [first, second], hasty, ending: '.js' };
}

function hostOf(variant: Variant): HostFacts & ReturnType<typeof fakeHost> {
  const importEnding = variant.module === 'esm' ? '.js' : '';
  if (!variant.typescript) return fakeHost({ language: 'javascript', syntax: variant.module, importEnding });
  const [major = 0, minor = 0] = variant.typescript.split('.').map(Number);
  return fakeHost({ importEnding, typescript: { version: { major, minor } } });
}

/** The few names of the compiler that are used; each version brings its own. */
interface Compiler {
  transpileModule(text: string, options: { compilerOptions: Record<string, unknown> }): { outputText: string };
}

function compiler(variant: Variant): ((text: string) => string) | undefined {
  const version = variant.typescript;
  if (!version) return (text) => text;
  const modules = installPackages([`typescript@${version}`]);
  if (!modules) return undefined;
  const typescript = createRequire(import.meta.url)(path.join(modules, 'typescript')) as Compiler;
  const target = version.startsWith('3.') ? 1 : 7;
  const module = variant.module === 'esm' ? 99 : 1;
  const compilerOptions = { target, module, esModuleInterop: false };
  return (text) => typescript.transpileModule(text, { compilerOptions }).outputText;
}
