/**
 * Settings of a cache from several sources: defaults < file < environment < constructor, checked as a whole.
 *
 * A connection string stands for its parts: `redis://user:secret@host:6379/0`, `rediss://` with TLS, `redis+unix:` or
 * `unix:` with the socket's path. @see https://www.iana.org/assignments/uri-schemes/prov/redis
 */
import { readFileSync } from 'node:fs';
import { milliseconds } from '../port/durations.ts';
import { PaxxRedisError } from '../port/errors.ts';

export interface CacheSettings {
  /** Where Redis is, with user, password and database. */
  readonly url: string;
  readonly prefix: string;
  /** Milliseconds that values are fresh. */
  readonly ttl: number;
  readonly grace: number;
  /** Milliseconds that an exchange with Redis may take. */
  readonly redisDeadline: number;
  /** Entries kept in this process; 0: none. */
  readonly l1Entries: number;
  /** File with the authorities that a TLS server's certificate may come from; empty: the system's. */
  readonly tlsCa: string;
}

type Name = keyof CacheSettings;

interface Rule {
  readonly variable: string;
  readonly byDefault: string | number;
  /** Throws an Error that says what is wrong with the value. */
  readonly read: (value: unknown) => string | number;
}

const RULES: Readonly<Record<Name, Rule>> = {
  url: { variable: 'REDIS_URL', byDefault: 'redis://localhost:6379/0', read: readUrl },
  prefix: { variable: 'REDIS_PREFIX', byDefault: 'cache', read: readText },
  ttl: { variable: 'CACHE_TTL', byDefault: 3_600_000, read: readDuration },
  grace: { variable: 'CACHE_GRACE', byDefault: 0, read: readDuration },
  redisDeadline: { variable: 'CACHE_REDIS_DEADLINE', byDefault: 150, read: readDuration },
  l1Entries: { variable: 'CACHE_L1_ENTRIES', byDefault: 0, read: readCount },
  tlsCa: { variable: 'REDIS_TLS_CA', byDefault: '', read: readPath },
};

export type GivenSettings = { readonly [name in Name]?: CacheSettings[name] | string | undefined };

export interface SettingsSources {
  /** A JSON file with an object of settings by their names here. */
  readonly file?: string;
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Wins over all else. */
  readonly given?: GivenSettings;
}

/** @throws PaxxRedisError CONFIG with one line per wrong setting: its name, where it came from, what is wrong */
export function readSettings({ file, env = process.env, given = {} }: SettingsSources = {}): CacheSettings {
  const fromFile = file === undefined ? {} : readFile(file);
  const problems = Object.keys(fromFile)
    .filter((name) => !Object.hasOwn(RULES, name))
    .map((name) => `${name} (${file}) is not a setting: there are ${Object.keys(RULES).join(', ')}`);
  const settings: Partial<Record<Name, string | number>> = {};
  for (const name of Object.keys(RULES) as Name[]) {
    const { variable, byDefault, read } = RULES[name];
    // An empty variable is one that was not set.
    const inEnv = env[variable] === '' ? undefined : env[variable];
    const sources = [
      [given[name], `${name} as given`],
      [inEnv, variable],
      [fromFile[name], `${name} (${file})`],
    ] as const;
    const source = sources.find(([value]) => value !== undefined);
    try {
      settings[name] = source === undefined ? byDefault : read(source[0]);
    } catch (error) {
      problems.push(`${source![1]} ${(error as Error).message.replace(/^it /, '')}`);
    }
  }
  if (problems.length > 0) throw new PaxxRedisError('CONFIG', problems.join('\n'));
  return settings as unknown as CacheSettings;
}

/** For logs: the password and, with it, anything like a secret in the URL left out. */
export function describeSettings(settings: CacheSettings): string {
  const url = new URL(settings.url);
  if (url.password !== '') url.password = '***';
  for (const name of url.searchParams.keys()) {
    if (/password|secret|token/i.test(name)) url.searchParams.set(name, '***');
  }
  return Object.entries({ ...settings, url: url.href })
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function readFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PaxxRedisError('CONFIG', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
    throw new Error('it is not an object');
  } catch (cause) {
    throw new PaxxRedisError('CONFIG', `${file} is not a JSON object of settings: ${(cause as Error).message}`, {
      cause,
    });
  }
}

const SCHEMES = ['redis:', 'rediss:', 'redis+unix:', 'unix:'];

/** The message never repeats the value: it may hold a password. */
function readUrl(value: unknown): string {
  if (typeof value !== 'string' || !URL.canParse(value))
    throw new Error('must be a URL such as redis://localhost:6379/0');
  const url = new URL(value);
  if (!SCHEMES.includes(url.protocol))
    throw new Error(`must begin with one of ${SCHEMES.join(' ')}, not ${url.protocol}`);
  const database = url.pathname.slice(1);
  const hasDatabase = url.protocol.startsWith('redis') && url.protocol !== 'redis+unix:' && database !== '';
  if (hasDatabase && !/^\d+$/.test(database)) throw new Error('must end with the number of a database, such as /0');
  return value;
}

function readText(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !/[{}\s]/.test(value)) return value;
  throw new Error('must be text without blanks and braces');
}

function readDuration(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'string') {
    const given = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    return milliseconds(given, 'it');
  }
  throw new Error('must be milliseconds or a duration such as 5m');
}

function readCount(value: unknown): number {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count;
  throw new Error('must be a whole number');
}

function readPath(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error('must be the path of a file');
}
