/** Everything that the templates of one rendering may name. */
import path from 'node:path';
import type { Host } from '../hosts/host.ts';
import type { SettingsAccess } from '../settings/dialect.ts';
import { clientImport, clientView, clientMajor, clientRange, setArguments, type ClientName } from './client.ts';
import { needsPort } from './coordination.ts';
import { builtin, importOf, importTypeOf, usesRequire } from './imports.ts';
import { relativeImport } from './relative-import.ts';
import { envExpression, settingsSource } from './settings-import.ts';
import type { TemplateHelpers, TemplateView } from './templates.ts';

export interface Scene {
  readonly host: Host;
  /** Path of the connection's file and of the cache's, relative to the tree's root. */
  readonly redis: string;
  readonly cache: string;
  readonly view: TemplateView;
  readonly helpers: TemplateHelpers;
}

export interface SceneOptions {
  readonly client: ClientName;
  readonly clientRange?: string;
  readonly defaultUrl?: string;
  readonly names?: { readonly redis?: string; readonly cache?: string };
  /** What is rendered of @paxx/redis. */
  readonly pieces?: readonly string[];
}

export function sceneOf(host: Host, access: SettingsAccess, options: SceneOptions): Scene {
  const range = options.clientRange ?? clientRange(options.client, host);
  const client = { name: options.client, major: clientMajor(options.client, range) };
  const redis = fileOf(host, options.names?.redis ?? `redis${serverSuffix(host)}`);
  const cache = fileOf(host, options.names?.cache ?? `cache${serverSuffix(host)}`);
  const settings = settingsSource(host, access, redis, options.defaultUrl ?? 'redis://localhost:6379/0');
  const ts = host.language === 'typescript';
  const commonjs = usesRequire(host);
  return {
    host,
    redis,
    cache,
    view: {
      ...clientView(host, client),
      ts,
      js: !ts,
      commonjs,
      // A call rather than a name, so that templates can write it in front of a word.
      export: commonjs ? '' : 'export ',
      frameworkServes: frameworkServes(host),
      coordination: needsPort(options.pieces ?? []),
      keyPrefix: keyPrefix(host),
      url: settings.url,
      imports: [clientImport(host, client), ...(settings.statement ? ['', settings.statement] : [])].join('\n'),
      cacheImports: cacheImports(host, relativeImport(cache, redis, host)),
    },
    helpers: {
      t: (text) => (ts ? text : ''),
      env: (name) => envExpression(host, name),
      setMs: (milliseconds) => setArguments(client, milliseconds, false),
      setMsNx: (milliseconds) => setArguments(client, milliseconds, true),
    },
  };
}

function fileOf(host: Host, name: string): string {
  return path.posix.join(host.moduleFolder, name + host.sourceEnding);
}

/** Remix and React Router keep files of that name out of what browsers get. */
function serverSuffix(host: Host): string {
  return frameworkServes(host) ? '.server' : '';
}

/** The app never sees its server, so that it cannot be told to close Redis when that ends. */
function frameworkServes({ framework }: Host): boolean {
  return framework === 'remix' || framework === 'react-router';
}

/** The app's name in the characters that read well in a key. */
function keyPrefix(host: Host): string {
  return host.name.replace(/^@/, '').replaceAll(/[^\w.-]+/g, '-') || 'app';
}

function cacheImports(host: Host, redis: string): string {
  const own = importOf(host, `{ ${usesRequire(host) ? 'getRedis, ' : ''}logRedis, redisPrefix, tryRedis }`, redis);
  return [
    importOf(host, '{ randomBytes }', builtin(host, 'crypto')),
    '',
    importTypeOf(host, '{ RedisClient }', redis),
    own,
    '',
    usesRequire(host) ? '' : `export { getRedis } from '${redis}';`,
  ].join('\n');
}
