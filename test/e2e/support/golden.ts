/** The after-trees under fixtures/golden: which there are, how they are read and written anew. */
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { components } from '../../../src/cli/components/index.ts';
import { hostNames, writeFiles } from './files.ts';

/** One `infra add redis` on one host. */
export interface GoldenCase {
  readonly host: string;
  readonly variant: string;
  /** Options besides `infra add redis --yes --no-install`. */
  readonly options: readonly string[];
}

const GOLDEN = fileURLToPath(new URL('../../../fixtures/golden', import.meta.url));

/** What is printed, beside the files of the case. */
const OUTPUT = 'output.txt';

/** What a host cannot be asked without. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = { 'monorepo-turbo': ['--app', 'apps/api'] };

const EVERY_PIECE = components.flatMap(({ pieces }) => pieces.map(({ name }) => name)).join(',');

const VARIANTS: readonly GoldenCase[] = [
  { host: 'express-ts-zod', variant: 'client-redis', options: ['--client', 'redis'] },
  { host: 'express-ts36-plain', variant: 'client-redis', options: ['--client', 'redis'] },
  { host: 'express-js-cjs-dotenv', variant: 'client-redis', options: ['--client', 'redis'] },
  { host: 'nest-class-validator', variant: 'client-redis', options: ['--client', 'redis'] },
  { host: 'express-ts-node-redis', variant: 'client-ioredis', options: ['--client', 'ioredis'] },
  { host: 'express-js-overlays', variant: 'valkey', options: ['--image', 'valkey:8'] },
  { host: 'node-esm-plain', variant: 'valkey', options: ['--image', 'valkey:8'] },
  { host: 'express-ts-zod', variant: 'ci', options: ['--ci'] },
  { host: 'fastify-ts-envschema', variant: 'ci', options: ['--ci', '--image', 'valkey:8'] },
  { host: 'koa-ts-convict', variant: 'dir', options: ['--dir', 'src/cache'] },
  { host: 'monorepo-turbo', variant: 'web', options: ['--app', 'apps/web'] },
  { host: 'express-ts-zod', variant: 'with', options: ['--with', 'lease,limiter,queue,idempotency'] },
  { host: 'node-esm-plain', variant: 'with', options: ['--client', 'redis', '--with', 'lease,leader,barrier,latch'] },
  { host: 'express-js-cjs-dotenv', variant: 'with', options: ['--with', 'limiter,idempotency,cache'] },
  { host: 'fastify-ts-envschema', variant: 'with', options: ['--with', EVERY_PIECE] },
  { host: 'nest-joi', variant: 'with', options: ['--with', 'queue,semaphore,wait-for', '--packages', 'registry'] },
  { host: 'nest-registeras', variant: 'with', options: ['--with', 'limiter,idempotency,cache'] },
  { host: 'next-app-t3env', variant: 'with', options: ['--with', 'limiter,idempotency,cache'] },
  { host: 'remix-ts', variant: 'with', options: ['--with', 'coalescer'] },
  { host: 'hono-node-ts', variant: 'with', options: ['--with', 'limiter,idempotency,cache'] },
];

/** Every host as it is, and some hosts with options. */
export const CASES: readonly GoldenCase[] = [
  ...hostNames().map((host) => ({ host, variant: 'default', options: ANSWERS[host] ?? [] })),
  ...VARIANTS,
];

export interface Golden {
  readonly output: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

/** @throws Error when the case has never been recorded */
export function readGolden({ host, variant }: GoldenCase): Golden {
  const folder = path.join(GOLDEN, host, variant);
  if (!existsSync(folder))
    throw new Error(`fixtures/golden/${host}/${variant} is not there: run test/e2e/update-goldens.mjs`);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(path.join(folder, name)).isFile(),
  );
  const files = names.map((name): [string, Buffer] => [
    name.split(path.sep).join('/'),
    readFileSync(path.join(folder, name)),
  ]);
  const output = readFileSync(path.join(folder, OUTPUT), 'utf8');
  return { output, files: new Map(files.filter(([name]) => name !== OUTPUT)) };
}

export function writeGolden({ host, variant }: GoldenCase, { output, files }: Golden): void {
  const folder = path.join(GOLDEN, host, variant);
  rmSync(folder, { recursive: true, force: true });
  writeFiles(folder, files);
  writeFiles(folder, new Map([[OUTPUT, Buffer.from(output)]]));
}

/** Folders of cases that are no more. */
export function strayGoldens(): string[] {
  const known = new Set(CASES.map(({ host, variant }) => `${host}/${variant}`));
  const found = readdirSync(GOLDEN).flatMap((host) =>
    readdirSync(path.join(GOLDEN, host)).map((variant) => `${host}/${variant}`),
  );
  return found.filter((place) => !known.has(place));
}

export function removeStrayGoldens(): void {
  for (const place of strayGoldens()) rmSync(path.join(GOLDEN, place), { recursive: true });
}

/** What stands in a golden for a file whose bytes are another test's business. */
export function outline(name: string, bytes: Buffer): Buffer {
  if (isTarball(name)) return Buffer.from('The tarball of a package.\n');
  return name === '.paxx/ledger.json' ? ledgerOutline(bytes) : bytes;
}

export function isTarball(name: string): boolean {
  return name.endsWith('.tar.gz');
}

/**
 * The ledger without what the other files of the case tell already: hashes, and texts deflated, whose bytes depend
 * on the version of zlib.
 */
function ledgerOutline(ledger: Buffer): Buffer {
  const text = ledger.toString('utf8');
  return Buffer.from(text.replaceAll(/^(\s*"(?:hash|before|after|base)": )"[^"]*"/gm, '$1"…"'));
}
