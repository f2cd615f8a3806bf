/** Reads one compose service into facts, `extends` within the file followed. */
import { interpolate } from './interpolate.ts';
import { readPorts } from './ports.ts';
import type { PublishedPort } from './ports.ts';
import { roleOf, sameRepository } from './role.ts';
import type { Role } from './role.ts';

export interface ReadOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** Images that are a Redis whatever they are called. */
  readonly redisImages?: readonly string[];
  /** Names of the project: an image called like it holds the app. */
  readonly projectNames?: readonly string[];
}

export interface ComposeService {
  readonly name: string;
  /** 1-based. */
  readonly line: number;
  readonly role: Role;
  readonly image?: { readonly written: string; readonly resolved?: string };
  readonly build: boolean;
  /** Context and Dockerfile of `build`, as written. */
  readonly buildPaths: readonly string[];
  readonly ports: readonly PublishedPort[];
  readonly networks: { readonly form: 'none' | 'list' | 'map'; readonly names: readonly string[] };
  readonly networkMode?: string;
  readonly environment: {
    readonly form: 'none' | 'list' | 'map';
    readonly names: readonly string[];
    /** Those without a value here: compose takes it from where it is run. */
    readonly passed: readonly string[];
  };
  readonly envFiles: readonly string[];
  readonly dependsOn: { readonly form: 'none' | 'list' | 'map'; readonly names: readonly string[] };
  readonly restart?: string;
  readonly containerName?: string;
  readonly profiles: readonly string[];
  readonly command?: string;
  readonly healthcheck: boolean;
  /** Named volumes it mounts, in order. */
  readonly volumes: readonly string[];
  readonly extendsService?: string;
  readonly extendsFile?: string;
  /** Hosts that its Redis variables name. */
  readonly redisHosts: readonly string[];
  /** Password that the service asks for, as written; may be an expression. */
  readonly password?: string;
  /** It asks for a password that only its container knows. */
  readonly hiddenPassword?: true;
}

interface Context {
  readonly all: Readonly<Record<string, unknown>>;
  readonly line: number;
  readonly options: ReadOptions;
}

export function readService(name: string, written: unknown, context: Context): ComposeService {
  const body = inherit(name, written, context.all);
  const variables = context.options.variables ?? {};
  const environment = environmentOf(body['environment']);
  const command = commandOf(body['command']) ?? commandOf(body['entrypoint']);
  const image = imageOf(body['image'], variables);
  const base = extendsOf(body['extends']);
  const password = passwordOf(command, environment);
  const builds = body['build'] !== undefined && body['build'] !== null && body['build'] !== 'null';
  const known =
    image?.resolved !== undefined &&
    (context.options.redisImages ?? []).some((i) => sameRepository(i, image.resolved!));
  const role = roleOf({
    name,
    ...(image && { imageWritten: image.written }),
    ...(image?.resolved !== undefined && { image: image.resolved }),
    builds,
    ...(command !== undefined && { command }),
    runsSources: mountsSources(body),
  });
  return {
    name,
    line: context.line,
    role: known && role !== 'datastore' ? 'redis' : role,
    ...(image && { image }),
    build: builds,
    buildPaths: buildPaths(body['build']),
    ports: readPorts(body['ports'], variables),
    networks: { form: formOf(body['networks']), names: keysOf(body['networks']) },
    ...(typeof body['network_mode'] === 'string' && { networkMode: body['network_mode'] }),
    environment: {
      form: formOf(body['environment']),
      names: Object.keys(environment),
      passed: Object.keys(environment).filter((variable) => environment[variable] === undefined),
    },
    envFiles: envFilesOf(body['env_file']),
    dependsOn: { form: formOf(body['depends_on']), names: keysOf(body['depends_on']) },
    ...(typeof body['restart'] === 'string' && { restart: body['restart'] }),
    ...(typeof body['container_name'] === 'string' && { containerName: body['container_name'] }),
    profiles: keysOf(body['profiles']),
    ...(command !== undefined && { command }),
    healthcheck: hasHealthcheck(body['healthcheck']),
    volumes: namedVolumes(body['volumes']),
    ...base,
    redisHosts: redisHosts(environment, variables),
    ...(typeof password === 'string' && { password }),
    ...(password === HIDDEN && { hiddenPassword: true as const }),
  };
}

/** Fields that `extends` takes from another service of this file. */
function inherit(
  name: string,
  written: unknown,
  all: Readonly<Record<string, unknown>>,
  depth = 0,
): Readonly<Record<string, unknown>> {
  const own = isRecord(written) ? written : {};
  const base = extendsOf(own['extends']);
  if (base.extendsService === undefined || base.extendsFile !== undefined || depth > 8) return own;
  if (base.extendsService === name || !Object.hasOwn(all, base.extendsService)) return own;
  const { depends_on: _, ...inherited } = inherit(base.extendsService, all[base.extendsService], all, depth + 1);
  const both = own['environment'] !== undefined && inherited['environment'] !== undefined;
  const environment = { ...environmentOf(inherited['environment']), ...environmentOf(own['environment']) };
  return { ...inherited, ...own, ...(both && { environment }) };
}

function extendsOf(value: unknown): { extendsService?: string; extendsFile?: string } {
  if (typeof value === 'string') return { extendsService: value };
  if (!isRecord(value)) return {};
  return {
    ...(typeof value['service'] === 'string' && { extendsService: value['service'] }),
    ...(typeof value['file'] === 'string' && { extendsFile: value['file'] }),
  };
}

function imageOf(value: unknown, variables: Readonly<Record<string, string>>): ComposeService['image'] {
  if (typeof value !== 'string') return undefined;
  const { text, unresolved } = interpolate(value, variables);
  // A tag that is a variable leaves the repository readable.
  const repository = text.replace(/[:@]?$/, '');
  const resolved = unresolved.length === 0 ? text : /[\w-]$/.test(repository) ? repository : undefined;
  return resolved === undefined ? { written: value } : { written: value, resolved };
}

function buildPaths(value: unknown): string[] {
  const paths = isRecord(value) ? [value['context'], value['dockerfile']] : [value];
  return paths.filter((path): path is string => typeof path === 'string' && path !== 'null');
}

/** Names and values of `environment`, in map or list form; an item without `=` has no value. */
export function environmentOf(value: unknown): Record<string, string | undefined> {
  if (Array.isArray(value)) {
    const items = value.filter((item): item is string => typeof item === 'string');
    return Object.fromEntries(items.map((item) => splitVariable(item)));
  }
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, v === null ? undefined : String(v)]));
}

function splitVariable(item: string): [string, string | undefined] {
  const sign = item.indexOf('=');
  return sign === -1 ? [item.trim(), undefined] : [item.slice(0, sign).trim(), item.slice(sign + 1)];
}

function envFilesOf(value: unknown): string[] {
  const entries = Array.isArray(value) ? (value as unknown[]) : [value];
  return entries
    .map((entry) => (isRecord(entry) ? entry['path'] : entry))
    .filter((path): path is string => typeof path === 'string');
}

function redisHosts(
  environment: Readonly<Record<string, string | undefined>>,
  variables: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined || !/REDIS|VALKEY|CACHE/i.test(name)) return [];
    const text = interpolate(value, variables).text;
    const host = /^[\w+]+:\/\/(?:[^@/]*@)?([\w.-]+)/.exec(text)?.[1] ?? (/HOST/i.test(name) ? text : undefined);
    return host === undefined || host === '' ? [] : [host];
  });
}

const HIDDEN = Symbol('hidden');

function passwordOf(
  command: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string | typeof HIDDEN | undefined {
  const argument = /--requirepass[= ]+(?:"([^"]+)"|'([^']+)'|(\$\{[^}]*\}|[^\s"']+))/.exec(command ?? '');
  const given = argument?.[1] ?? argument?.[2] ?? argument?.[3];
  // `$$NAME` is a variable of the container: known here only if the service sets it here.
  const inner = /^\$\$\{?(\w+)/.exec(given ?? '')?.[1];
  if (inner !== undefined) return environment[inner] || HIDDEN;
  return (given ?? environment['REDIS_PASSWORD'] ?? environment['VALKEY_PASSWORD']) || undefined;
}

function mountsSources(body: Readonly<Record<string, unknown>>): boolean {
  const mounts = Array.isArray(body['volumes']) ? (body['volumes'] as unknown[]) : [];
  return mounts.some((mount) => {
    const source = isRecord(mount) ? mount['source'] : typeof mount === 'string' ? mount.split(':')[0] : undefined;
    return typeof source === 'string' && /^(?:\.|\$\{?PWD)/.test(source);
  });
}

function namedVolumes(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((mount: unknown) => {
    const source = isRecord(mount)
      ? mount['source']
      : typeof mount === 'string' && mount.includes(':')
        ? mount.split(':')[0]
        : undefined;
    return typeof source === 'string' && /^[\w-][\w.-]*$/.test(source) ? [source] : [];
  });
}

function hasHealthcheck(value: unknown): boolean {
  return isRecord(value) && value['disable'] !== true && value['test'] !== undefined;
}

function commandOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(String).join(' ') : undefined;
}

function formOf(value: unknown): 'none' | 'list' | 'map' {
  if (Array.isArray(value)) return 'list';
  return isRecord(value) ? 'map' : 'none';
}

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === 'string') return [value];
  return isRecord(value) ? Object.keys(value) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
