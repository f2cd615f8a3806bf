/** Builds the Redis service as a careful sibling of the services that are there. */
import { isMap, isSeq } from 'yaml';
import { flowList, list, map, scalar, verbatim } from '../yaml/emit.ts';
import type { Emit, EmitEntry, EmitScalar, Quote } from '../yaml/emit.ts';
import { flowPadding, quoteOf, sourceOf } from '../yaml/layout.ts';
import { findPair, isBlock, resolve } from '../yaml/lookup.ts';
import type { MapNode, SeqNode } from '../yaml/lookup.ts';
import { chooseContainerName } from './names.ts';
import type { PortChoice } from './names.ts';
import type { ComposeSource } from './read.ts';
import type { ComposeService } from './service.ts';
import { DEFAULT_PORT } from './wish.ts';
import type { RedisWish } from './wish.ts';

export interface ServiceChoices {
  readonly name: string;
  readonly port?: PortChoice;
  readonly volume: string;
  readonly networks: readonly string[];
  readonly profiles: readonly string[];
}

export function redisService(wish: RedisWish, choices: ServiceChoices, compose?: ComposeSource): EmitEntry {
  const containerName = compose && chooseContainerName(compose.facts, choices.name);
  const restart = compose && siblingRestart(compose);
  const check = healthcheckOf(wish);
  const entries: (EmitEntry | undefined | false)[] = [
    wish.build !== undefined && ['build', scalar(wish.build)],
    ['image', scalar(wish.image, imageQuote(compose))],
    containerName !== undefined && ['container_name', scalar(containerName)],
    restart && ['restart', restart],
    wish.command !== undefined && ['command', scalar(wish.command)],
    choices.profiles.length > 0 && ['profiles', shapedList(compose, 'profiles', choices.profiles)],
    choices.port && ['ports', list(publishedPort(choices.port, compose))],
    ['volumes', list(scalar(`${choices.volume}:${wish.dataPath ?? '/data'}`, lastQuote(compose, 'volumes')))],
    choices.networks.length > 0 && ['networks', networksEntry(compose, choices.networks)],
    check && ['healthcheck', check],
  ];
  return [choices.name, map(...entries.filter((entry) => entry !== undefined && entry !== false))];
}

export function healthcheckOf(wish: RedisWish): Emit | undefined {
  if (wish.healthcheck === false) return undefined;
  const words = wish.healthcheck ?? [/valkey/.test(wish.image) ? 'valkey-cli' : 'redis-cli', 'ping'];
  return map(
    [
      'test',
      flowList(...['CMD', ...words].map((word): EmitScalar => ({ kind: 'scalar', value: word, forceQuote: true }))),
    ],
    ['interval', scalar('5s')],
    ['timeout', scalar('3s')],
    ['retries', scalar(10)],
  );
}

/** Loopback, unless the data stores beside it publish on every address. */
function publishedPort(port: PortChoice, compose: ComposeSource | undefined): EmitScalar {
  const stores = compose?.facts.services.filter((service) => service.role === 'datastore') ?? [];
  const published = stores.flatMap((service) =>
    service.ports.filter((p) => p.host !== undefined || p.hostExpression !== undefined),
  );
  const open = published.length > 0 && published.every((p) => p.address === undefined || p.address === '0.0.0.0');
  const text = `${open ? '' : '127.0.0.1:'}${port.expression}:${DEFAULT_PORT}`;
  const sibling = lastItem(compose, 'ports');
  if (sibling === undefined) return { kind: 'scalar', value: text, forceQuote: true };
  const quote = quoteOf(sibling);
  return quote ? scalar(text, quote) : verbatim(text, text);
}

/** What most of the data stores have, or most of all services where there is no data store. */
function siblingRestart({ facts, services, document }: ComposeSource): EmitScalar | undefined {
  const stores = facts.services.filter((service) => service.role === 'datastore');
  const siblings = stores.length > 0 ? stores : facts.services;
  const value = mostFrequent(siblings.map((service) => service.restart));
  if (value === undefined) return undefined;
  for (const { name } of siblings.filter((service) => service.restart === value)) {
    const pair = services && findPair(services, name);
    const body: unknown = pair && document && resolve(document, pair.value);
    const restart = isMap(body) ? findPair(body as MapNode, 'restart') : undefined;
    const written = restart && sourceOf(restart.value);
    if (written !== undefined) return verbatim(value, written);
  }
  return scalar(value);
}

function networksEntry(compose: ComposeSource | undefined, names: readonly string[]): Emit {
  const forms = compose?.facts.services.filter((s) => s.networks.names.length > 0).map((s) => s.networks.form) ?? [];
  if (mostFrequent(forms) === 'map') return map(...names.map((name): EmitEntry => [name, scalar(null)]));
  return shapedList(compose, 'networks', names);
}

/** A list in the form, flow or block, and with the quotes that the last sibling gives this key. */
function shapedList(compose: ComposeSource | undefined, key: string, names: readonly string[]): Emit {
  const sibling = lastList(compose, key);
  const quote = lastQuote(compose, key);
  // Siblings spell these very names plain: so they may stand plain once more.
  const items = names.map((name) => (sibling && !quote ? verbatim(name, name) : scalar(name, quote)));
  return sibling && !isBlock(sibling)
    ? { kind: 'list', items, flow: true, padding: flowPadding(compose!.source.text, sibling) }
    : list(...items);
}

function imageQuote(compose: ComposeSource | undefined): Quote | undefined {
  for (const pair of compose?.services?.items.toReversed() ?? []) {
    const body: unknown = pair.value;
    const image = isMap(body) ? findPair(body as MapNode, 'image') : undefined;
    if (image) return quoteOf(image.value);
  }
  return undefined;
}

function lastQuote(compose: ComposeSource | undefined, key: string): Quote | undefined {
  return quoteOf(lastItem(compose, key));
}

/** The last scalar item below `key` in the last service that has a list there. */
function lastItem(compose: ComposeSource | undefined, key: string): unknown {
  return lastList(compose, key)?.items.at(-1);
}

function lastList(compose: ComposeSource | undefined, key: string): SeqNode | undefined {
  for (const pair of compose?.services?.items.toReversed() ?? []) {
    const body: unknown = pair.value;
    const value: unknown = isMap(body) ? findPair(body as MapNode, key)?.value : undefined;
    if (isSeq(value) && value.items.length > 0 && sourceOf(value.items.at(-1)) !== undefined) {
      return value as SeqNode;
    }
  }
  return undefined;
}

function mostFrequent<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce<[T, number] | undefined>(
    (best, next) => (best && best[1] >= next[1] ? best : next),
    undefined,
  )?.[0];
}

/** Profiles that a new Redis takes over: only where every app service has the very same ones. */
export function sharedProfiles(apps: readonly ComposeService[]): readonly string[] {
  const [first, ...others] = apps.map((app) => [...app.profiles].sort());
  return first && others.every((profiles) => profiles.join('\n') === first.join('\n')) ? first : [];
}
