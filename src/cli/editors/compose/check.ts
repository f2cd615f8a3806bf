/** Proves the meaning of an edited compose file: what compose reads is the old project plus what was meant. */
import { isConflict } from '../outcome.ts';
import type { Conflict } from '../outcome.ts';
import type { YamlSource } from '../yaml/parse.ts';
import { sameValue, verifyConflict } from '../yaml/verify.ts';
import { isRecord, openCompose } from './read.ts';
import type { ComposeSource } from './read.ts';
import { readOptions } from './wish.ts';
import type { RedisFacts, RedisWish } from './wish.ts';

/** @param changed services that were meant to change */
export function checkMeaning(
  before: ComposeSource,
  after: YamlSource,
  wish: RedisWish,
  facts: RedisFacts,
  changed: ReadonlySet<string>,
): Conflict | undefined {
  const old = servicesOf(before.source);
  const fresh = servicesOf(after);
  for (const [name, body] of Object.entries(old)) {
    if (changed.has(name)) {
      if (!sameBeside(body, fresh[name])) return verifyConflict(`service ${name} changed in more than was meant`);
    } else if (!sameValue(body, fresh[name])) return verifyConflict(`service ${name} changed`);
  }
  const added = Object.keys(fresh).filter((name) => !Object.hasOwn(old, name));
  if (added.join() !== (facts.reused ? '' : facts.service)) return verifyConflict('the services are not those meant');
  const read = openCompose(after.text, readOptions(wish));
  if (isConflict(read)) return verifyConflict(read.reason);
  const redis = read.facts.services.find((service) => service.name === facts.service);
  return redis && (facts.reused || redis.role === 'redis')
    ? undefined
    : verifyConflict('the service does not read as a Redis');
}

/** Equal in everything but `environment` and `depends_on`, whose additions the tree comparison has proved. */
function sameBeside(old: unknown, fresh: unknown): boolean {
  return sameValue(without(old), without(fresh));
}

function without(body: unknown): unknown {
  if (!isRecord(body)) return body;
  const { environment: _, depends_on: __, ...rest } = body;
  return rest;
}

function servicesOf(source: YamlSource): Record<string, unknown> {
  const maps = source.values.map((value) => (isRecord(value) ? value['services'] : undefined)).filter(isRecord);
  return Object.assign({}, ...maps) as Record<string, unknown>;
}
