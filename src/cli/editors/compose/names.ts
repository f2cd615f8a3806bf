/** Finds free names for the service, its volume, its container and its host port, in the siblings' manner. */
import type { ComposeFacts } from './read.ts';
import type { ComposeService } from './service.ts';
import type { RedisWish } from './wish.ts';
import { DEFAULT_PORT } from './wish.ts';

const KIND = 'postgresql|postgres|pgsql|pg|mysql|mariadb|mongodb|mongo|elasticsearch|rabbitmq|kafka|minio|database|db';

export function freeServiceName(facts: ComposeFacts, wanted: string): string {
  const taken = new Set(facts.services.map((service) => service.name));
  const names = [wanted, 'redis', 'redis-cache', 'cache-redis', 'app-redis'];
  return names.find((name) => !taken.has(name)) ?? numbered('redis', '-', (name) => taken.has(name));
}

export interface VolumeChoice {
  readonly name: string;
  /** Declared at the top level already, and mounted by nobody. */
  readonly declared: boolean;
}

export function chooseVolume(facts: ComposeFacts, service: string, wanted = `redis_data`): VolumeChoice {
  const mounted = new Set(facts.services.flatMap((s) => s.volumes));
  const imitated = imitateVolume(facts, service) ?? wanted;
  const suffixed = [imitated, wanted, `${service}_data`.replaceAll('-', '_'), 'redis_cache_data'];
  const free = suffixed.find((name) => !mounted.has(name)) ?? numbered(imitated, '_', (name) => mounted.has(name));
  return { name: free, declared: facts.volumes.includes(free) };
}

/** `pgdata` gives `redisdata`, `myapp-db-data` gives `myapp-redis-data`, `cacheVolume` nothing. */
function imitateVolume(facts: ComposeFacts, service: string): string | undefined {
  const owners = [...facts.services].sort((a, b) => Number(b.role === 'datastore') - Number(a.role === 'datastore'));
  const word = service.startsWith('redis') ? 'redis' : service;
  for (const owner of owners.filter((s) => s.role === 'datastore' || s.role === 'other')) {
    for (const volume of owner.volumes) {
      const name = replaceWord(volume, [escape(owner.name), KIND], word);
      // `mongo_data1` is the first of several, `pg_data_17` of a version: Redis is neither.
      if (name !== undefined) return name.replace(/(?<=[a-z])[-_]?\d+$/i, '');
    }
  }
  for (const volume of facts.volumes) {
    const pattern = new RegExp(`^(?:${KIND})([-_]?(?:data|volume|vol|storage)|Data|Volume)$`).exec(volume);
    if (pattern) return word + pattern[1]!;
  }
  return undefined;
}

/** Replace the first of the words that stands apart in `name`, by separators or as its head (`pgdata`). */
function replaceWord(name: string, words: readonly string[], by: string): string | undefined {
  for (const word of words) {
    const pattern = new RegExp(`(^|[-_.])(?:${word})(?=$|[-_.]|data$|Data$|vol$|volume$|Volume$)`);
    if (pattern.test(name)) return name.replace(pattern, (_, before: string) => before + by);
  }
  return undefined;
}

/** @returns undefined where the siblings have no `container_name` */
export function chooseContainerName(facts: ComposeFacts, service: string): string | undefined {
  const named = facts.services.filter((s) => s.containerName !== undefined);
  if (named.length === 0 || named.length * 2 < facts.services.length) return undefined;
  const ordered = [...named].sort((a, b) => Number(b.role === 'datastore') - Number(a.role === 'datastore'));
  const taken = new Set(named.map((s) => s.containerName));
  for (const sibling of ordered) {
    const name = sibling.containerName!;
    const found = replaceWord(name, [escape(sibling.name), ...(sibling.role === 'datastore' ? [KIND] : [])], service);
    if (found !== undefined && !taken.has(found)) return found;
  }
  const shared = sharedPrefix(named);
  const name = shared + service;
  return taken.has(name) ? undefined : name;
}

/** What the names of two or more siblings begin with, up to a separator. */
function sharedPrefix(named: readonly ComposeService[]): string {
  if (named.length < 2) return '';
  const names = named.map((s) => s.containerName!);
  let length = 0;
  while (names.every((name) => length < name.length && name[length] === names[0]![length])) length++;
  return /^.*[-_.]/.exec(names[0]!.slice(0, length))?.[0] ?? '';
}

export interface PortChoice {
  readonly port: number;
  /** As it is written in the file. */
  readonly expression: string;
}

/** The port wanted if it is free, else a variable that defaults to the next free one. */
export function choosePort(facts: ComposeFacts, text: string, wish: RedisWish): PortChoice | undefined {
  if (wish.hostPort === false) return undefined;
  const wanted = wish.hostPort ?? DEFAULT_PORT;
  const elsewhere = new Set(wish.takenPorts);
  const ranges = facts.services.flatMap((s) =>
    s.ports.filter((p) => p.protocol !== 'udp').flatMap((p) => (p.host ? [p.host] : [])),
  );
  const hosted = facts.services
    .filter((s) => s.networkMode === 'host')
    .flatMap((s) => s.ports.flatMap((p) => (p.target ? [p.target] : [])));
  const isTaken = (port: number): boolean =>
    elsewhere.has(port) || [...ranges, ...hosted].some(([first, last]) => first <= port && port <= last);
  if (!isTaken(wanted)) return { port: wanted, expression: String(wanted) };
  let port = wanted + 1;
  while (isTaken(port)) port++;
  return { port, expression: `\${${portVariable(text, wish)}:-${port}}` };
}

/** A variable that the file uses for something else would move Redis to that port. */
function portVariable(text: string, wish: RedisWish): string {
  const names = [wish.portVariable ?? 'REDIS_PORT', 'REDIS_HOST_PORT', 'REDIS_PUBLISHED_PORT'];
  return names.find((name) => !new RegExp(`\\$\\{?${name}\\b`).test(text)) ?? 'PAXX_REDIS_PORT';
}

function numbered(name: string, separator: string, isTaken: (name: string) => boolean): string {
  let number = 2;
  while (isTaken(name + separator + number)) number++;
  return name + separator + number;
}

function escape(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\-]/g, '\\$&');
}
