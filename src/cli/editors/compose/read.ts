/** Reads a compose file into facts: its services, their roles, and the names that are taken. */
import { isMap, isScalar } from 'yaml';
import { conflict, isConflict } from '../outcome.ts';
import type { Conflict } from '../outcome.ts';
import { positionOf } from '../text.ts';
import { findPair, keyOf, resolve } from '../yaml/lookup.ts';
import type { DocumentNode, MapNode, PairNode } from '../yaml/lookup.ts';
import { parseYaml } from '../yaml/parse.ts';
import type { YamlSource } from '../yaml/parse.ts';
import { repositoryOf } from './role.ts';
import { readService } from './service.ts';
import type { ComposeService, ReadOptions } from './service.ts';

export interface ComposeFacts {
  readonly status: 'facts';
  readonly services: readonly ComposeService[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly externalNetworks: readonly string[];
  /** 1-based line of a Redis service that was commented out. */
  readonly commentedRedis?: number;
  /** Files that the file includes or extends from. */
  readonly includes: readonly string[];
  /** Written for `docker stack deploy`, which knows only the list form of `depends_on`. */
  readonly swarm: boolean;
}

/** A compose file with the nodes that an edit goes by. */
export interface ComposeSource {
  readonly source: YamlSource;
  readonly facts: ComposeFacts;
  /** The document that holds the services (or would); undefined for an empty file. */
  readonly document?: DocumentNode;
  readonly root?: MapNode;
  readonly servicesPair?: PairNode;
  /** Undefined while `services` is empty. */
  readonly services?: MapNode;
}

/** @returns the facts, or why the text is no compose file that can be built upon */
export function readCompose(text: string, options: ReadOptions = {}): ComposeFacts | Conflict {
  const compose = openCompose(text, options);
  return isConflict(compose) ? compose : compose.facts;
}

export function openCompose(text: string, options: ReadOptions = {}): ComposeSource | Conflict {
  const source = parseYaml(text);
  if (isConflict(source)) return source;
  const filled = source.documents.filter((document) => !isEmpty(document.contents));
  const stray = filled.find((document) => !isMap(document.contents));
  if (stray) return shape(text, stray.contents!.range[0], 'is not a map of `services`, `volumes` and so on');
  const document = filled.find((candidate) => findPair(candidate.contents as MapNode, 'services')) ?? filled[0];
  const values = source.values.filter((value): value is Record<string, unknown> => isRecord(value));
  if (!document) return { source, facts: collectFacts(text, source, values, options) };
  const root = document.contents as MapNode;
  const servicesPair = findPair(root, 'services');
  if (!servicesPair && isVersionOne(values)) {
    return conflict('shape', 'is in the format of Compose 1: its services stand at the top level', MIGRATE, {
      line: 1,
    });
  }
  const services: unknown = servicesPair?.value ?? null;
  if (servicesPair && !isMap(services) && !isEmpty(services)) {
    return shape(text, servicesPair.key.range[0], '`services` is neither a map nor empty');
  }
  return {
    source,
    facts: collectFacts(text, source, values, options),
    document,
    root,
    ...(servicesPair && { servicesPair }),
    ...(isMap(services) && { services: services as MapNode }),
  };
}

const MIGRATE = 'Move the services below a `services:` key, then run the command again.';

function collectFacts(
  text: string,
  source: YamlSource,
  values: readonly Record<string, unknown>[],
  options: ReadOptions,
): ComposeFacts {
  const names = (key: string): string[] => [...new Set(values.flatMap((value) => namesOf(value[key])))];
  const networks = values.map((value) => value['networks']).filter(isRecord);
  const entries = Object.entries(Object.assign({}, ...values.map((v) => v['services']).filter(isRecord)) as object);
  const lines = servicePositions(source);
  const all = Object.fromEntries(entries) as Record<string, unknown>;
  const services = entries.map(([name, body]) => readService(name, body, { all, line: lines.get(name) ?? 1, options }));
  const commentedRedis = findCommentedRedis(text);
  return {
    status: 'facts',
    services: withOwnImages(withReferences(services), options.projectNames ?? []),
    volumes: names('volumes'),
    networks: names('networks'),
    externalNetworks: networks.flatMap((map) =>
      Object.entries(map)
        .filter(([, v]) => isRecord(v) && v['external'])
        .map(([k]) => k),
    ),
    ...(commentedRedis !== undefined && { commentedRedis }),
    includes: [
      ...new Set(
        values.flatMap((value) => includesOf(value['include'])).concat(services.flatMap((s) => s.extendsFile ?? [])),
      ),
    ],
    swarm: isSwarm(networks, all),
  };
}

/** A service that an app's `REDIS_HOST` or `REDIS_URL` names is its Redis, whatever image it runs. */
function withReferences(services: readonly ComposeService[]): ComposeService[] {
  const named = new Set(services.flatMap((service) => service.redisHosts));
  return services.map((service) =>
    service.role === 'maybe-redis' && named.has(service.name) ? { ...service, role: 'redis' } : service,
  );
}

/**
 * Where nothing is built, the app runs from an image of the project's own: one under a namespace that is called
 * like the project; or one under a namespace or a variable, in a service called like an app, that waits for a data
 * store or sets `NODE_ENV`.
 */
function withOwnImages(services: readonly ComposeService[], names: readonly string[]): readonly ComposeService[] {
  if (services.some((service) => service.role === 'app')) return services;
  const isNamed = ({ role, image }: ComposeService): boolean => {
    const repository = repositoryOf(image?.resolved ?? image?.written ?? '');
    return (
      role === 'other' && repository.includes('/') && names.includes(repository.slice(repository.lastIndexOf('/') + 1))
    );
  };
  if (services.some(isNamed)) {
    return services.map((service) => (isNamed(service) ? { ...service, role: 'app' } : service));
  }
  const stores = new Set(
    services.filter(({ role }) => role === 'datastore' || role === 'redis').map(({ name }) => name),
  );
  const isOwn = ({ name, role, image, dependsOn, environment }: ComposeService): boolean =>
    role === 'other' &&
    /(?:^|[-_.])(?:app|api|backend|server|web|worker)(?:$|[-_.\d])/i.test(name) &&
    /\/|^\$/.test(image?.written ?? '') &&
    (dependsOn.names.some((other) => stores.has(other)) || environment.names.includes('NODE_ENV'));
  return services.map((service) => (isOwn(service) ? { ...service, role: 'app' } : service));
}

function servicePositions(source: YamlSource): Map<string, number> {
  const lines = new Map<string, number>();
  let line = 1;
  let at = 0;
  for (const document of source.documents) {
    if (!isMap(document.contents)) continue;
    const services: unknown = resolve(document, findPair(document.contents as MapNode, 'services')?.value ?? null);
    if (!isMap(services)) continue;
    for (const pair of (services as MapNode).items) {
      const offset = pair.key.range[0];
      // Counting on from the key before keeps this linear in files of thousands of services.
      const from = offset >= at ? at : 0;
      line = (offset >= at ? line : 1) + countNewlines(source.text, from, offset);
      at = offset;
      lines.set(keyOf(pair), line);
    }
  }
  return lines;
}

function countNewlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function findCommentedRedis(text: string): number | undefined {
  const found =
    /^[ \t]*#[ \t#]*(?:[\w-]*(?:redis|valkey)[\w-]*["']?:[ \t]*(?:#.*)?$|image:[ \t]*["']?(?:[\w.-]+\/)*(?:redis|valkey)\b)/im.exec(
      text,
    );
  return found ? positionOf(text, found.index).line : undefined;
}

function includesOf(value: unknown): string[] {
  const entries = Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value];
  return entries.flatMap((entry) => {
    if (typeof entry === 'string') return [entry];
    return isRecord(entry) ? [entry['path']].flat().filter((path): path is string => typeof path === 'string') : [];
  });
}

function isSwarm(networks: readonly Record<string, unknown>[], services: Readonly<Record<string, unknown>>): boolean {
  const overlay = networks.some((map) => Object.values(map).some((v) => isRecord(v) && v['driver'] === 'overlay'));
  return (
    overlay ||
    Object.values(services).some((service) => {
      const deploy = isRecord(service) ? service['deploy'] : undefined;
      return (
        isRecord(deploy) && ['placement', 'update_config', 'rollback_config', 'endpoint_mode'].some((k) => k in deploy)
      );
    })
  );
}

function isVersionOne(values: readonly Record<string, unknown>[]): boolean {
  const root = values.find((value) => Object.keys(value).length > 0) ?? {};
  const bodies = Object.entries(root).filter(
    ([key]) => !/^(?:x-|version$|name$|networks$|volumes$|include$|secrets$|configs$)/.test(key),
  );
  return bodies.some(([, body]) => isRecord(body) && ('image' in body || 'build' in body));
}

function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((item): item is string => typeof item === 'string');
  return isRecord(value) ? Object.keys(value) : [];
}

function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shape(text: string, offset: number, reason: string): Conflict {
  return conflict(
    'shape',
    reason,
    'Give the project a compose file with a `services:` map, or add Redis by hand.',
    positionOf(text, offset),
  );
}
